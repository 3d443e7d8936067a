# Reference values for midterm.compare.shares, midterm.compare.counts and midterm.measure.levels, by other programs.
#
# Run from the repository's root:  Rscript tests/reference/shares_counts.R
# Writes tests/reference/shares_counts/*.csv: made-up inputs with their expected values, and versions.csv.
# All data are drawn here by R with a fixed seed, or are published and cited; none comes from the evaluation.

suppressPackageStartupMessages({
  library(clubSandwich)
  library(Epi)
})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)[1]))
source(file.path(here, "write.R"))
out <- folder_of("shares_counts")

rows_of <- function(inputs, expected) do.call(rbind, lapply(seq_len(nrow(inputs)), function(i) cbind(inputs[i, ], expected(inputs[i, ]), row.names = NULL)))

# ---------------------------------------------------------------- clustered: persons in waves
# Of each organisation: persons in both waves, in the first wave only, in the last wave only.
shapes <- list(
  two_organisations   = list(c(4, 3, 2), c(2, 1, 3)),
  three_unequal       = list(c(9, 2, 1), c(3, 0, 4), c(1, 2, 2)),
  five_organisations  = list(c(3, 3, 3), c(1, 2, 1), c(6, 1, 4), c(2, 2, 2), c(1, 4, 3)),
  eight_unequal       = list(c(4, 2, 3), c(2, 2, 1), c(17, 5, 6), c(1, 1, 1), c(3, 0, 2), c(0, 3, 4), c(2, 1, 0), c(5, 4, 4)),
  one_in_one_wave     = list(c(3, 2, 2), c(2, 1, 3), c(4, 0, 1), c(1, 3, 2), c(0, 5, 0)),
  one_holds_first     = list(c(0, 7, 0), c(0, 0, 4), c(0, 0, 3), c(0, 0, 6)),
  all_independent     = list(c(0, 4, 3), c(0, 2, 5), c(0, 6, 2), c(0, 3, 3)),
  all_linked          = list(c(4, 0, 0), c(7, 0, 0), c(3, 0, 0), c(5, 0, 0), c(2, 0, 0), c(6, 0, 0)),
  thirty_small        = rep(list(c(2, 1, 1), c(1, 2, 0), c(3, 0, 2)), 10)
)

persons_of <- function(design) {
  shape <- shapes[[design]]
  persons <- do.call(rbind, lapply(seq_along(shape), function(g) {
    n <- shape[[g]]
    ids <- sprintf("%02d_%02d", g, seq_len(sum(n)))
    first <- ids[seq_len(n[1] + n[2])]
    last <- c(ids[seq_len(n[1])], ids[n[1] + n[2] + seq_len(n[3])])
    data.frame(design, organisation = sprintf("org_%02d", g), person = c(first, last), wave = rep(c("first", "last"), c(length(first), length(last))))
  }))
  lean <- rnorm(length(shape), 0, 0.4)[as.integer(factor(persons$organisation))]
  is_last <- persons$wave == "last"
  persons$yes <- as.numeric(runif(nrow(persons)) < plogis(0.1 + lean + 0.5 * is_last))
  persons$exposure <- sample(c(0.5, 1, 2, 3), nrow(persons), replace = TRUE)
  persons$events <- rpois(nrow(persons), persons$exposure * exp(0.4 + lean + 0.2 * is_last))
  cell <- as.integer(factor(paste(persons$organisation, persons$wave)))
  persons$same_exposure <- sample(c(0.5, 1, 2, 3), max(cell), replace = TRUE)[cell]
  persons[sample(nrow(persons)), ]
}

contrast_of <- function(fit, cluster, level) {
  v <- vcovCR(fit, cluster = cluster, type = "CR2")
  last <- length(coef(fit))
  test <- suppressWarnings(coef_test(fit, vcov = v, test = "Satterthwaite", coefs = last))
  interval <- suppressWarnings(conf_int(fit, vcov = v, level = level, test = "Satterthwaite", coefs = last))
  data.frame(level, estimate = test$beta, std_error = test$SE, df = test$df_Satt, p_value = test$p_Satt, ci_low = interval$CI_L, ci_high = interval$CI_U)
}

set.seed(20250501)
persons <- do.call(rbind, lapply(names(shapes), persons_of))
tight <- glm.control(epsilon = 1e-13, maxit = 200)
clustered <- do.call(rbind, lapply(names(shapes), function(design) {
  d <- persons[persons$design == design, ]
  d$is_last <- as.numeric(d$wave == "last")
  # One row per organisation and wave. The likelihood is the same as that of persons; with exposures that differ inside an
  # organisation and wave, clubSandwich's correction of persons' rows is another one (its square root of the leverage is not unique).
  cells <- aggregate(cbind(events, exposure, same_exposure) ~ organisation + is_last, d, sum)
  cells$added <- cells$exposure * cells$is_last
  rates <- tapply(cells$events, cells$is_last, sum) / tapply(cells$exposure, cells$is_last, sum)
  do.call(rbind, lapply(c(0.95, 0.90), function(level) rbind(
    cbind(design, quantity = "rate_difference", contrast_of(
      glm(events ~ 0 + exposure + added, poisson("identity"), cells, start = c(rates[1], diff(rates)), control = tight), cells$organisation, level)),
    cbind(design, quantity = "log_rate_ratio", contrast_of(
      glm(events ~ is_last, poisson, cells, offset = log(exposure), control = tight), cells$organisation, level)),
    cbind(design, quantity = "log_rate_ratio_of_persons", contrast_of(
      glm(events ~ is_last, poisson, d, offset = log(same_exposure), control = tight), d$organisation, level)),
    cbind(design, quantity = "log_odds_ratio", contrast_of(glm(yes ~ is_last, binomial, d, control = tight), d$organisation, level))
  )))
}))
write_reference(persons, "persons")
write_reference(clustered, "clustered")

# ---------------------------------------------------------------- two independent shares
# Boschloo by brute force: all tables, probability of the rejected ones on a grid of shares, then optimise beside its highest points.
boschloo <- function(x1, n1, x2, n2) {
  tables <- expand.grid(x1 = 0:n1, x2 = 0:n2)
  s <- tables$x1 + tables$x2
  sided <- function(statistic, observed) {
    kept <- tables[statistic <= observed * (1 + 1e-9), ]
    chance <- function(p) sum(dbinom(kept$x1, n1, p) * dbinom(kept$x2, n2, p))
    grid <- seq(0, 1, length.out = 1001)
    values <- vapply(grid, chance, 0)
    best <- order(-values)[1:5]
    refined <- vapply(best, function(i) optimise(chance, pmin(pmax(grid[i] + c(-0.001, 0.001), 0), 1), maximum = TRUE, tol = 1e-12)$objective, 0)
    max(values, refined)
  }
  less <- phyper(tables$x1, n1, n2, s)
  more <- phyper(tables$x1 - 1, n1, n2, s, lower.tail = FALSE)
  at <- which(tables$x1 == x1 & tables$x2 == x2)
  min(1, 2 * min(sided(less, less[at]), sided(more, more[at])))
}

fisher <- function(x1, n1, x2, n2) fisher.test(matrix(c(x1, n1 - x1, x2, n2 - x2), 2))$p.value
fisher_floor <- function(x1, n1, x2, n2) {
  s <- x1 + x2
  min(vapply(max(0, s - n2):min(s, n1), function(x) fisher(x, n1, s - x, n2), 0))
}

set.seed(20250502)
size <- function(k) sample(c(3, 5, 8, 12, 17, 24, 33), k, replace = TRUE)
drawn <- data.frame(n_first = size(16), n_last = size(16))
drawn$yes_first <- rbinom(16, drawn$n_first, 0.35)
drawn$yes_last <- rbinom(16, drawn$n_last, 0.6)
# Newcombe 1998 (Stat. Med. 17:873, his examples: 56/70 v 48/80, 9/10 v 3/10, 6/7 v 2/7, 5/56 v 0/29, 0/10 v 0/20, 0/10 v 0/10, 10/10 v 0/20, 10/10 v 0/10).
published <- data.frame(n_first = c(80, 10, 7, 29, 20, 10, 20, 10), n_last = c(70, 10, 7, 56, 10, 10, 10, 10),
                        yes_first = c(48, 3, 2, 0, 0, 0, 0, 0), yes_last = c(56, 9, 6, 5, 0, 0, 10, 10))
independent <- rows_of(rbind(drawn[, names(published)], published), function(row) {
  none <- row$yes_first + row$yes_last == 0 || row$yes_first + row$yes_last == row$n_first + row$n_last
  limits <- function(level) ci.pd(row$yes_last, row$yes_first, row$n_last - row$yes_last, row$n_first - row$yes_first, conf.level = level, print = FALSE)
  data.frame(estimate = row$yes_last / row$n_last - row$yes_first / row$n_first,
             ci_low = limits(0.95)[6], ci_high = limits(0.95)[7], ci_low_90 = limits(0.90)[6], ci_high_90 = limits(0.90)[7],
             fisher = if (none) NA else fisher(row$yes_first, row$n_first, row$yes_last, row$n_last),
             fisher_floor = if (none) NA else fisher_floor(row$yes_first, row$n_first, row$yes_last, row$n_last),
             boschloo = if (none) NA else boschloo(row$yes_first, row$n_first, row$yes_last, row$n_last),
             boschloo_floor = if (none) NA else min(boschloo(0, row$n_first, row$n_last, row$n_last), boschloo(row$n_first, row$n_first, 0, row$n_last)))
})
write_reference(independent, "independent")

# ---------------------------------------------------------------- pairs: 1 then 1, 1 then 0, 0 then 1, 0 then 0
wilson <- function(x, n, level) prop.test(x, n, correct = FALSE, conf.level = level)$conf.int
newcombe_paired <- function(a, b, c, d, level) {
  n <- a + b + c + d
  first <- suppressWarnings(wilson(a + b, n, level))
  last <- suppressWarnings(wilson(a + c, n, level))
  p1 <- (a + b) / n
  p2 <- (a + c) / n
  numerator <- a * d - b * c
  numerator <- if (numerator > n / 2) numerator - n / 2 else if (numerator >= 0) 0 else numerator
  denominator <- sqrt(prod(a + b, c + d, a + c, b + d))
  phi <- if (denominator == 0) 0 else numerator / denominator
  down <- c(p2 - last[1], first[2] - p1)
  up <- c(last[2] - p2, p1 - first[1])
  (p2 - p1) + c(-1, 1) * sqrt(c(down[1]^2 - 2 * phi * prod(down) + down[2]^2, up[1]^2 - 2 * phi * prod(up) + up[2]^2))
}

set.seed(20250503)
pairs <- data.frame(t(sapply(1:14, function(i) rmultinom(1, sample(c(4, 9, 15, 30, 55), 1), c(0.3, 0.15, 0.25, 0.3)))))
names(pairs) <- c("both", "lost", "gained", "neither")
# Bentur et al. 2009 and Cavo et al. 2012, as in Fagerland, Lydersen & Laake; Newcombe 1998 (Stat. Med. 17:2635), and edges.
pairs <- rbind(pairs, data.frame(both = c(1, 59, 36, 4, 0, 6, 0, 3), lost = c(1, 6, 2, 0, 0, 4, 5, 0), gained = c(7, 16, 12, 3, 0, 4, 0, 0), neither = c(12, 80, 0, 2, 9, 6, 0, 3)))
paired <- rows_of(pairs, function(row) {
  changed <- row$gained + row$lost
  exact <- if (changed > 0) binom.test(row$gained, changed) else NULL
  # The one-sided mid-p of the smaller tail, doubled; the published rule where both are equal.
  fewer <- min(row$gained, row$lost)
  mid <- if (changed == 0) NA else if (row$gained == row$lost) 1 - dbinom(fewer, changed, 0.5) / 2 else 2 * (pbinom(fewer, changed, 0.5) - dbinom(fewer, changed, 0.5) / 2)
  interval <- newcombe_paired(row$both, row$lost, row$gained, row$neither, 0.95)
  narrow <- newcombe_paired(row$both, row$lost, row$gained, row$neither, 0.90)
  odds <- function(q) if (row$lost == 0) rep(NA, length(q)) else q / (1 - q)
  data.frame(estimate = (row$gained - row$lost) / sum(row), ci_low = interval[1], ci_high = interval[2], ci_low_90 = narrow[1], ci_high_90 = narrow[2],
             exact = if (changed > 0) exact$p.value else NA, exact_floor = if (changed > 0) binom.test(0, changed)$p.value else NA,
             mid_p = mid, mid_p_floor = if (changed > 0) 2 * (pbinom(0, changed, 0.5) - dbinom(0, changed, 0.5) / 2) else NA,
             odds = if (changed > 0) odds(row$gained / changed) else NA,
             odds_low = if (changed > 0) odds(exact$conf.int[1]) else NA, odds_high = if (changed > 0) odds(exact$conf.int[2]) else NA)
})
write_reference(paired, "paired")

# ---------------------------------------------------------------- partially overlapping z (z8), from the formula of Derrick et al. 2015 on raw answers
set.seed(20250504)
overlapping <- data.frame(t(replicate(14, c(rmultinom(1, sample(c(5, 12, 25), 1), c(0.4, 0.15, 0.2, 0.25)), rbinom(4, 15, 0.4)))))
names(overlapping) <- c("both", "lost", "gained", "neither", "first_yes", "first_no", "last_yes", "last_no")
# Derrick et al. 2015, their example (p = .053); nobody linked; linked persons alike in the first wave.
edges <- rbind(c(8, 1, 3, 3, 5, 4, 6, 0), c(0, 0, 0, 0, 7, 12, 11, 6), c(0, 0, 0, 0, 3, 4, 9, 2), c(6, 3, 0, 0, 2, 5, 4, 3), c(9, 2, 5, 6, 0, 0, 0, 0))
overlapping <- rbind(overlapping, setNames(as.data.frame(edges), names(overlapping)))
overlapped <- rows_of(overlapping, function(row) {
  linked_first <- rep(c(1, 1, 0, 0), unlist(row[1:4]))
  linked_last <- rep(c(1, 0, 1, 0), unlist(row[1:4]))
  first <- c(linked_first, rep(1:0, unlist(row[5:6])))
  last <- c(linked_last, rep(1:0, unlist(row[7:8])))
  phi <- if (length(linked_first) > 1 && sd(linked_first) > 0 && sd(linked_last) > 0) cor(linked_first, linked_last) else 0
  w <- mean(c(first, last)) * (1 - mean(c(first, last)))
  error <- sqrt(w / length(first) + w / length(last) - 2 * phi * w * length(linked_first) / (length(first) * length(last)))
  z <- (mean(last) - mean(first)) / error
  p_value <- 2 * pnorm(-abs(z))
  if (length(linked_first) == 0) {
    by_r <- suppressWarnings(prop.test(c(sum(last), sum(first)), c(length(last), length(first)), correct = FALSE))$p.value
    stopifnot(abs(p_value - by_r) < 1e-12)
    p_value <- by_r
  }
  data.frame(estimate = mean(last) - mean(first), std_error = error, p_value, ci_low = z * error - qnorm(0.975) * error, ci_high = z * error + qnorm(0.975) * error)
})
write_reference(overlapped, "overlapping")

# ---------------------------------------------------------------- two Poisson totals
set.seed(20250505)
rates <- data.frame(events_first = rpois(14, 12), exposure_first = sample(c(3, 7.5, 12, 40), 14, replace = TRUE), events_last = rpois(14, 20), exposure_last = sample(c(3, 7.5, 12, 40), 14, replace = TRUE))
# Edges: no events in a wave or in both, equal rates, large totals, the same rate twice as long.
rates <- rbind(rates, data.frame(events_first = c(0, 4, 6, 0, 2500, 10, 15), exposure_first = c(10, 10, 5, 8, 1000, 20, 30), events_last = c(5, 0, 6, 0, 2710, 30, 15), exposure_last = c(10, 12, 5, 8, 1010, 20, 60)))
compared <- rows_of(rates, function(row) {
  total <- row$events_first + row$events_last
  if (total == 0) return(data.frame(estimate = 0, p_value = NA, p_floor = NA, ratio = NA, ratio_low = NA, ratio_high = NA))
  test <- function(last) poisson.test(c(last, total - last), c(row$exposure_last, row$exposure_first))
  found <- test(row$events_last)
  is_finite <- row$events_first > 0
  data.frame(estimate = row$events_last / row$exposure_last - row$events_first / row$exposure_first, p_value = found$p.value,
             p_floor = min(test(0)$p.value, test(total)$p.value), ratio = if (is_finite) as.numeric(found$estimate) else NA,
             ratio_low = if (is_finite) found$conf.int[1] else NA, ratio_high = if (is_finite) found$conf.int[2] else NA)
})
write_reference(compared, "rates")

# ---------------------------------------------------------------- levels of one wave
# All numbers M in the population that neither one-sided test rejects, by trying every one.
hypergeometric <- function(x, n, population, level) {
  numbers <- x:(population - (n - x))
  tail <- (1 - level) / 2 * (1 + 1e-9)
  more <- phyper(x - 1, numbers, population - numbers, n, lower.tail = FALSE)
  fewer <- phyper(x, numbers, population - numbers, n)
  range(numbers[more > tail & fewer > tail]) / population
}
set.seed(20250506)
levels <- data.frame(n = sample(c(1, 4, 10, 23, 60), 24, replace = TRUE), level = rep(c(0.95, 0.90), 12))
levels$x <- rbinom(24, levels$n, rep(c(0.1, 0.5, 0.9, 1), 6))
levels$population <- levels$n + sample(c(0, 1, 5, 40, 300), 24, replace = TRUE)
levels <- rbind(levels, data.frame(n = c(100, 100, 12, 12), level = 0.95, x = c(45, 2, 0, 12), population = c(300, 300, 12, 4000)))
levels <- rows_of(levels, function(row) {
  score <- suppressWarnings(wilson(row$x, row$n, row$level))
  exact <- binom.test(row$x, row$n, conf.level = row$level)$conf.int
  finite <- hypergeometric(row$x, row$n, row$population, row$level)
  rate <- poisson.test(row$x, row$n, conf.level = row$level)$conf.int
  data.frame(wilson_low = score[1], wilson_high = score[2], exact_low = exact[1], exact_high = exact[2], finite_low = finite[1], finite_high = finite[2],
             garwood_low = rate[1], garwood_high = rate[2])
})
write_reference(levels, "levels")

# ---------------------------------------------------------------- versions
packages <- c("clubSandwich", "Epi")
versions <- data.frame(program = c("R", packages), version = c(as.character(getRversion()), vapply(packages, function(p) as.character(packageVersion(p)), "")))
write.csv(versions, file.path(out, "versions.csv"), row.names = FALSE, quote = FALSE, eol = "\n")
