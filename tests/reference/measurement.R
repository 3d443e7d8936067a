# Reference values for the quality of measurement (midterm.measure: reliability, invariance, agreement), by other programs.
#
# Run from the repository's root:  Rscript tests/reference/measurement.R
# Writes tests/reference/measurement/*.csv: made-up inputs (drawn here, fixed seed) or published ones, expected values, versions.

suppressPackageStartupMessages({
  library(lavaan)
  library(multilevel)
  library(ordinal)
  library(psych)
})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)[1]))
source(file.path(here, "write.R"))
out <- folder_of("measurement")
long <- function(name, items) data.frame(scale = name, person = rep(seq_len(nrow(items)), ncol(items)), item = rep(seq_len(ncol(items)), each = nrow(items)), value = as.double(items))
likert <- function(latent, cuts) apply(latent, 2, function(z) findInterval(z, cuts) + 1)

set.seed(20250601)
draw <- function(n, loadings, cuts = c(-1.6, -0.9, -0.1, 0.9)) {
  latent <- outer(rnorm(n), loadings) + matrix(rnorm(n * length(loadings)), n) %*% diag(sqrt(1 - loadings^2))
  if (is.null(cuts)) latent else likert(latent, cuts)
}

# ---------------------------------------------------------------- omega: lavaan (point, error), factanal (loadings), psych
scales <- list(
  three_of_45 = draw(45, c(.7, .8, .6)),
  four_of_28 = draw(28, c(.8, .7, .75, .6)),
  six_of_150 = draw(150, c(.5, .6, .7, .8, .65, .75)),
  eighteen_of_90 = draw(90, seq(.5, .85, length.out = 18)),
  five_unlike_of_60 = draw(60, c(.8, .7, .6, .75, .65), NULL) %*% diag(c(1, 4, .5, 2, 3)),
  skewed_of_200 = draw(200, c(.7, .6, .8, .7), c(-2.2, -1.6, -1.0, 0))
)
# A Heywood case: the three covariances ask for an item with more common variance than it has; factanal stops at .005.
heywood <- { f <- rnorm(40); cbind(f + .05 * rnorm(40), .6 * f + .8 * rnorm(40), .7 * f + .7 * rnorm(40), .9 * f + .1 * rnorm(40)) }
# Each as strict as its optimiser bears: at the optimum it reports a failed line search when asked for too much.
by_factanal <- function(x) {
  for (factr in 10^(0:7)) {
    fit <- tryCatch(factanal(x, 1, control = list(opt = list(factr = factr, maxit = 10000))), error = function(e) NULL)
    if (!is.null(fit)) return(fit)
  }
}
by_lavaan <- function(model, x) {
  for (tolerance in 10^(-14:-10)) {
    fit <- suppressWarnings(sem(model, data = x, control = list(rel.tol = tolerance, iter.max = 10000)))
    if (lavInspect(fit, "converged")) return(fit)
  }
}
omegas <- list(); factors <- list()
for (name in names(scales)) {
  x <- as.data.frame(scales[[name]]); k <- ncol(x); names(x) <- paste0("x", seq_len(k))
  loads <- paste0("l", seq_len(k)); uniques <- paste0("u", seq_len(k))
  model <- c(paste0("f =~ NA*x1 + ", paste0(loads, "*", names(x), collapse = " + ")), "f ~~ 1*f", paste0(names(x), " ~~ ", uniques, "*", names(x)),
             sprintf("omega := (%s)^2 / ((%s)^2 + %s)", paste(loads, collapse = "+"), paste(loads, collapse = "+"), paste(uniques, collapse = "+")))
  fit <- by_lavaan(paste(model, collapse = "\n"), x)
  found <- parameterEstimates(fit); row <- found[found$label == "omega", ]
  half <- qt(.975, nrow(x) - 1) * row$se / (row$est * (1 - row$est))
  both <- by_factanal(x)
  by_psych <- suppressWarnings(suppressMessages(psych::omega(cor(x), nfactors = 1, fm = "ml", plot = FALSE, flip = FALSE)))
  omegas[[name]] <- data.frame(scale = name, omega = row$est, std_error = row$se, ci_low = plogis(qlogis(row$est) - half), ci_high = plogis(qlogis(row$est) + half),
                               psych_omega_tot = by_psych$omega.tot, observed_variance_of_sum = sum(cor(x)))
  size <- sapply(x, function(v) sqrt(mean((v - mean(v))^2)))
  factors[[name]] <- data.frame(scale = name, item = seq_len(k), loading = found$est[found$label %in% loads][seq_len(k)], unique = found$est[found$label %in% uniques][seq_len(k)],
                                factanal_loading = abs(as.numeric(both$loadings)) * size, factanal_unique = as.numeric(both$uniquenesses) * size^2)
}
bound <- by_factanal(heywood)
size <- apply(heywood, 2, function(v) sqrt(mean((v - mean(v))^2)))
factors[["heywood"]] <- data.frame(scale = "heywood", item = 1:4, loading = NA_real_, unique = NA_real_, factanal_loading = as.numeric(bound$loadings) * size, factanal_unique = as.numeric(bound$uniquenesses) * size^2)
stopifnot(min(bound$uniquenesses) <= 0.005 + 1e-9)
write_reference(rbind(do.call(rbind, Map(long, names(scales), scales)), long("heywood", heywood)), "omega_scales")
write_reference(do.call(rbind, omegas), "omega")
write_reference(do.call(rbind, factors), "factors")

# ---------------------------------------------------------------- ICC(1), ICC(2), r_wg
sizes <- list(equal = rep(8, 6), unequal = c(3, 12, 7, 5, 9, 2, 20), two_groups = c(5, 11), no_difference = rep(10, 5))
groups <- do.call(rbind, lapply(names(sizes), function(design) {
  group <- rep(seq_along(sizes[[design]]), sizes[[design]])
  lean <- if (design == "no_difference") 0 else rnorm(length(sizes[[design]]), 0, .8)[group]
  items <- sapply(1:4, function(i) pmin(5, pmax(1, round(3.3 + lean + rnorm(length(group), 0, .8)))))
  data.frame(design, group, item_1 = items[, 1], item_2 = items[, 2], item_3 = items[, 3], item_4 = items[, 4])
}))
groups[sapply(groups, is.numeric)] <- lapply(groups[sapply(groups, is.numeric)], as.integer)
item_names <- paste0("item_", 1:4)
iccs <- do.call(rbind, lapply(names(sizes), function(design) {
  d <- groups[groups$design == design, ]; d$score <- rowMeans(d[item_names]); d$group <- factor(d$group)
  table <- anova(lm(score ~ group, d)); b <- table[["Mean Sq"]][1]; w <- table[["Mean Sq"]][2]; df <- table$Df
  n <- as.numeric(table(d$group)); n0 <- (sum(n) - sum(n^2) / sum(n)) / (length(n) - 1)
  low <- b / w / qf(.975, df[1], df[2]); high <- b / w * qf(.975, df[2], df[1])
  row <- data.frame(design, program = "anova", icc1 = (b - w) / (b + (n0 - 1) * w), icc1_low = (low - 1) / (low + n0 - 1), icc1_high = (high - 1) / (high + n0 - 1),
                    icc2 = (b - w) / b, icc2_low = 1 - 1 / low, icc2_high = 1 - 1 / high)
  if (length(unique(n)) > 1) return(row)
  wide <- do.call(rbind, split(d$score, d$group))
  found <- psych::ICC(wide, lmer = FALSE)$results
  model <- aov(score ~ group, d)
  rbind(row, data.frame(design, program = "psych", icc1 = found$ICC[1], icc1_low = found$`lower bound`[1], icc1_high = found$`upper bound`[1],
                        icc2 = found$ICC[4], icc2_low = found$`lower bound`[4], icc2_high = found$`upper bound`[4]),
        data.frame(design, program = "multilevel", icc1 = ICC1(model), icc1_low = NA, icc1_high = NA, icc2 = ICC2(model), icc2_low = NA, icc2_high = NA))
}))
agreement <- do.call(rbind, lapply(names(sizes), function(design) {
  d <- groups[groups$design == design, ]
  data.frame(design, rwg.j(d[item_names], d$group, ranvar = 2)[1:2], one_item = pmax(rwg(d$item_1, d$group, ranvar = 2)$rwg, 0), narrow = rwg.j(d[item_names], d$group, ranvar = 0.5)$rwg.j)
}))
names(agreement) <- c("design", "group", "rwg_j", "rwg_item_1", "rwg_j_narrow")
write_reference(groups, "groups")
write_reference(iccs, "icc")
write_reference(agreement, "rwg")

# ---------------------------------------------------------------- invariance: ordinal::clm
dif_persons <- do.call(rbind, lapply(names(cases <- list(no_shift = c(0, 0), shift = c(.5, 0), moved_item = c(.2, .9))), function(case) {
  n <- 160; after <- rep(0:1, each = n); trait <- rnorm(2 * n) + cases[[case]][1] * after
  latent <- outer(trait, c(.7, .75, .65, .7)) + matrix(rnorm(8 * n, 0, .7), 2 * n)
  latent[, 2] <- latent[, 2] + cases[[case]][2] * after
  items <- likert(latent, c(-1.4, -.7, .1, 1))
  data.frame(case, after = as.integer(after), item_1 = as.integer(items[, 1]), item_2 = as.integer(items[, 2]), item_3 = as.integer(items[, 3]), item_4 = as.integer(items[, 4]))
}))
strict <- clm.control(gradTol = 1e-12, maxIter = 200)
dif_row <- function(case, matching, item, y, score, after) {
  y <- factor(y, ordered = TRUE); score <- score - mean(score)
  fits <- list(clm(y ~ 1, control = strict), clm(y ~ score, control = strict), clm(y ~ score + after, control = strict), clm(y ~ score * after, control = strict))
  l <- vapply(fits, function(f) as.numeric(logLik(f)), 0); n <- length(y)
  nagelkerke <- (1 - exp(2 * (l[1] - l) / n)) / (1 - exp(2 * l[1] / n)); mcfadden <- 1 - l / l[1]
  data.frame(case, matching, item, log_likelihood = l[3], score = unname(coef(fits[[3]])["score"]), log_odds = unname(coef(fits[[3]])["after"]),
             std_error = coef(summary(fits[[3]]))["after", "Std. Error"], threshold_1 = unname(coef(fits[[3]])[1]),
             uniform_p = pchisq(2 * (l[3] - l[2]), 1, lower.tail = FALSE), nonuniform_p = pchisq(2 * (l[4] - l[3]), 1, lower.tail = FALSE),
             uniform_size = nagelkerke[3] - nagelkerke[2], nonuniform_size = nagelkerke[4] - nagelkerke[3],
             uniform_mcfadden = mcfadden[3] - mcfadden[2], nonuniform_mcfadden = mcfadden[4] - mcfadden[3])
}
by_item <- function(persons, row) do.call(rbind, lapply(split(persons, persons$case), function(d) do.call(rbind, lapply(c("total", "rest"), function(matching) do.call(rbind, lapply(1:4, function(j) row(d, matching, j)))))))
dif <- by_item(dif_persons, function(d, matching, j) {
  dif_row(d$case[1], matching, j, d[[item_names[j]]], rowSums(d[item_names]) - if (matching == "rest") d[[item_names[j]]] else 0, d$after)
})
dif$uniform_bh <- ave(dif$uniform_p, dif$matching, FUN = function(p) p.adjust(p, "BH"))
write_reference(dif_persons, "dif_persons")
write_reference(dif, "dif")

# ---------------------------------------------------------------- Krippendorff's alpha, written here from the formula, pair by pair
alpha <- function(units, distance) {  # units x coders
  units <- units[rowSums(!is.na(units)) > 1, , drop = FALSE]
  all <- units[!is.na(units)]; n <- length(all)
  counts <- function(v) sum(all == v)
  between <- function(a, b) {
    if (a == b) return(0)
    if (distance == "nominal") return(1)
    if (distance == "interval") return((a - b)^2)
    inside <- sort(unique(all)); inside <- inside[inside >= min(a, b) & inside <= max(a, b)]
    (sum(vapply(inside, counts, 0)) - (counts(a) + counts(b)) / 2)^2
  }
  observed <- sum(apply(units, 1, function(u) { u <- u[!is.na(u)]; sum(outer(seq_along(u), seq_along(u), Vectorize(function(i, j) if (i == j) 0 else between(u[i], u[j])))) / (length(u) - 1) })) / n
  expected <- sum(outer(seq_along(all), seq_along(all), Vectorize(function(i, j) if (i == j) 0 else between(all[i], all[j])))) / (n * (n - 1))
  1 - observed / expected
}
# Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, data of section C (four observers, twelve units).
published <- cbind(c(1, 2, 3, 3, 2, 1, 4, 1, 2, NA, NA, NA), c(1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NA, 3), c(NA, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NA), c(1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NA))
ratings <- matrix(sample(c(-1, 0, 1, NA), 90, replace = TRUE, prob = c(.2, .3, .4, .1)), 30)
ratings[, 2] <- ifelse(runif(30) < .7, ratings[, 1], ratings[, 2])
codes <- matrix(sample(0:1, 80, replace = TRUE, prob = c(.8, .2)), 40); codes[, 2] <- ifelse(runif(40) < .8, codes[, 1], codes[, 2])
sets <- list(published = published, ratings = ratings, codes = codes)
values <- do.call(rbind, lapply(names(sets), function(s) data.frame(set = s, unit = rep(seq_len(nrow(sets[[s]])), ncol(sets[[s]])), coder = rep(seq_len(ncol(sets[[s]])), each = nrow(sets[[s]])), value = as.double(sets[[s]]))))
alphas <- do.call(rbind, lapply(names(sets), function(s) data.frame(set = s, nominal = alpha(sets[[s]], "nominal"), ordinal = alpha(sets[[s]], "ordinal"), interval = alpha(sets[[s]], "interval"))))
stopifnot(abs(alphas$nominal[1] - .743) < 5e-4, abs(alphas$ordinal[1] - .815) < 5e-4, abs(alphas$interval[1] - .849) < 5e-4)
write_reference(values, "coded")
write_reference(alphas, "alpha_coders")

# ---------------------------------------------------------------- r_wg and invariance where answers are missing
# The inputs above with about one answer in seven taken out.
set.seed(20250603)
with_gaps <- function(d) { d[item_names] <- lapply(d[item_names], function(x) ifelse(runif(length(x)) < .15, NA, x)); d }
groups_missing <- with_gaps(groups[groups$design != "unequal", ])
# multilevel's own rwg.j takes variances with na.rm = TRUE, but leaves out every person with a gap first; here it leaves out nobody.
with_everyone <- rwg.j; environment(with_everyone) <- list2env(list(na.exclude = identity), parent = environment(rwg.j))
agreement_missing <- do.call(rbind, lapply(unique(groups_missing$design), function(design) {
  d <- groups_missing[groups_missing$design == design, ]
  data.frame(design, with_everyone(d[item_names], d$group, ranvar = 2)[1:2], narrow = with_everyone(d[item_names], d$group, ranvar = 0.5)$rwg.j)
}))
names(agreement_missing) <- c("design", "group", "rwg_j", "rwg_j_narrow")
stopifnot(all(is.finite(agreement_missing$rwg_j)))
write_reference(groups_missing, "groups_missing")
write_reference(agreement_missing, "rwg_missing")

# Persons with three of the four items or all; each item over those who answered it, at the mean of a person's answered items times their number.
dif_persons_missing <- with_gaps(dif_persons)
dif_persons_missing <- dif_persons_missing[rowSums(!is.na(dif_persons_missing[item_names])) >= 3, ]
dif_missing <- by_item(dif_persons_missing, function(d, matching, j) {
  d <- d[!is.na(d[[item_names[j]]]), ]
  matched <- if (matching == "rest") item_names[-j] else item_names
  dif_row(d$case[1], matching, j, d[[item_names[j]]], rowMeans(d[matched], na.rm = TRUE) * length(matched), d$after)
})
write_reference(dif_persons_missing, "dif_persons_missing")
write_reference(dif_missing, "dif_missing")

# ---------------------------------------------------------------- versions
packages <- c("lavaan", "multilevel", "ordinal", "psych")
versions <- data.frame(program = c("R", packages), version = c(as.character(getRversion()), vapply(packages, function(p) as.character(packageVersion(p)), "")))
write.csv(versions, file.path(out, "versions.csv"), row.names = FALSE, quote = FALSE, eol = "\n")
