# Reference values for midterm.compare.ranks, midterm.compare.means and midterm.compare.effects, by other programs.
#
# Run from the repository's root:  Rscript tests/reference/ranks_effects.R
# Writes tests/reference/ranks_effects/*.csv (made-up inputs, expected values, versions).
# All data are drawn here by R with a fixed seed, or are published and cited; none comes from the evaluation.

suppressPackageStartupMessages({
  library(clubSandwich)
  library(coin)
  library(effectsize)
  library(exactRankTests)
})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)[1]))
source(file.path(here, "write.R"))
out <- folder_of("ranks_effects")

# ---------------------------------------------------------------- persons: linked, leavers, entrants, in organisations
set.seed(20250501)
likert <- function(n, centre) pmin(5, pmax(1, round(rnorm(n, centre, 1))))

# Per case: organisations, linked persons, persons in the first wave only, in the last wave only, true rise.
shapes <- list(
  tiny       = c(2, 3, 1, 2, 0.3),
  small      = c(3, 6, 4, 3, 0.8),
  paired     = c(4, 12, 0, 0, 0.6),
  unlinked   = c(5, 0, 11, 14, 0.7),
  usual      = c(5, 14, 10, 7, 0.5),
  unequal    = c(8, 5, 4, 29, 0.4),
  larger     = c(8, 24, 12, 15, 0.2),
  no_rise    = c(6, 17, 8, 8, 0.0),
  strong     = c(6, 20, 3, 6, 1.8),
  each_alone = c(40, 0, 19, 21, 0.6)
)
persons_of <- function(case) {
  s <- shapes[[case]]
  n <- sum(s[2:4])
  first <- seq_len(s[2] + s[3])
  last <- c(seq_len(s[2]), s[2] + s[3] + seq_len(s[4]))
  home <- if (s[1] >= n) seq_len(n) else sample(c(seq_len(s[1]), sample(s[1], n - s[1], replace = TRUE)))
  lean <- rnorm(s[1], 0, 0.4)[home]
  person <- rnorm(n, 0, 0.6)
  d <- data.frame(case, organisation = sprintf("org_%02d", c(home[first], home[last])), person = sprintf("p_%02d", c(first, last)),
                  wave = rep(c("first", "last"), c(length(first), length(last))))
  centre <- 3.1 + c(lean[first], lean[last]) + c(person[first], person[last]) + s[5] * (d$wave == "last")
  items <- sapply(1:4, function(i) likert(length(centre), centre))
  d$item <- items[, 1]
  d$scale <- rowMeans(items)
  d$smooth <- round(centre + rnorm(length(centre), 0, 0.7 + 0.5 * (d$wave == "last")), 6)
  d[sample(nrow(d)), ]
}
persons <- do.call(rbind, lapply(names(shapes), persons_of))
write_reference(persons, "persons")
outcomes <- c("item", "scale", "smooth")

per_case <- function(f) do.call(rbind, lapply(names(shapes), function(case) do.call(rbind, lapply(outcomes, function(outcome) {
  d <- persons[persons$case == case, ]
  d$y <- d[[outcome]]
  d$is_last <- as.numeric(d$wave == "last")
  before <- setNames(d$y[d$wave == "first"], d$person[d$wave == "first"])
  after <- setNames(d$y[d$wave == "last"], d$person[d$wave == "last"])
  both <- sort(intersect(names(before), names(after)))
  found <- f(d, before, after, unname(before[both]), unname(after[both]))
  if (is.null(found)) NULL else data.frame(case, outcome, found)
}))))

# ---------------------------------------------------------------- ranks
pratt <- function(x, y, ...) as.numeric(pvalue(wilcoxsign_test(y ~ x, zero.method = "Pratt", ...)))
signed_rank <- per_case(function(d, before, after, x, y) {
  if (length(x) == 0) return(NULL)
  difference <- y - x
  ranks <- rank(abs(difference))
  has_zeros <- any(difference == 0)
  data.frame(n = length(x), changed = sum(difference != 0), estimate = mean(difference), p_value = pratt(x, y, distribution = "exact"),
             p_asymptotic = pratt(x, y), effect_by_hand = (sum(ranks[difference > 0]) - sum(ranks[difference < 0])) / sum(ranks[difference != 0]),
             effect_by_effectsize = if (has_zeros) NA_real_ else suppressWarnings(rank_biserial(y, x, paired = TRUE, ci = NULL))$r_rank_biserial,
             p_by_exact_rank_tests = if (has_zeros) NA_real_ else wilcox.exact(y, x, paired = TRUE, exact = TRUE)$p.value)
})
write_reference(signed_rank, "signed_rank")

# Cliff's delta and its consistent variance from the whole matrix of comparisons (Cliff 1996); limits of Feng & Cliff 2004.
cliff <- function(before, after, level = 0.95, quantile = qt(0.5 + level / 2, length(before) + length(after) - 2)) {
  m <- sign(outer(after, before, "-"))
  d <- mean(m)
  n1 <- nrow(m)
  n0 <- ncol(m)
  v <- ((n0 - 1) * var(rowMeans(m)) + (n1 - 1) * var(colMeans(m)) + sum((m - d)^2) / ((n1 - 1) * (n0 - 1))) / (n1 * n0)
  s <- quantile * sqrt(v)
  c(d, (d - d^3 + c(-1, 1) * s * sqrt((1 - d^2)^2 + s^2)) / (1 - d^2 + s^2))
}
# Published: the output that effsize keeps of cliff.delta(use.unbiased = FALSE, use.normal = TRUE) in its tests (testCliff.Rout.save).
published <- cliff(c(10, 20, 30, 40, 40, 50), c(10, 10, 20, 20, 20, 30, 30, 30, 40, 50), quantile = qnorm(0.975))
stopifnot(abs(published - c(-0.25, -0.7125351, 0.3639999)) < 5e-8)

mann_whitney <- per_case(function(d, before, after, x, y) {
  g <- factor(d$is_last)
  by_hand <- cliff(before, after)
  data.frame(n_from = length(before), n_to = length(after), estimate = mean(after) - mean(before),
             p_value = as.numeric(pvalue(wilcox_test(d$y ~ g, distribution = "exact"))), p_asymptotic = as.numeric(pvalue(wilcox_test(d$y ~ g))),
             delta = as.numeric(suppressWarnings(cliffs_delta(after, before, ci = NULL))[[1]]), delta_by_hand = by_hand[1], delta_low = by_hand[2], delta_high = by_hand[3])
})
write_reference(mann_whitney, "mann_whitney")

# Too many for an exact count: the normal approximation with tie correction, without continuity correction.
large <- data.frame(is_last = rep(0:1, c(160, 190)), scale = rowMeans(sapply(1:4, function(i) likert(350, 3.2 + 0.2 * rep(0:1, c(160, 190))))))
write_reference(large, "large")
write_reference(data.frame(p_value = as.numeric(pvalue(wilcox_test(large$scale ~ factor(large$is_last))))), "large_p")

# Brunner & Munzel 2000 from all comparisons of persons, not from ranks.
brunner_munzel <- function(before, after, level = 0.95) {
  m <- (sign(outer(after, before, "-")) + 1) / 2
  v0 <- var(colMeans(m)) / length(before)
  v1 <- var(rowMeans(m)) / length(after)
  df <- (v0 + v1)^2 / (v0^2 / (length(before) - 1) + v1^2 / (length(after) - 1))
  t <- (mean(m) - 0.5) / sqrt(v0 + v1)
  limits <- mean(m) + c(-1, 1) * qt(0.5 + level / 2, df) * sqrt(v0 + v1)
  data.frame(statistic = t, df, p_value = 2 * pt(-abs(t), df), better = mean(m), better_low = limits[1], better_high = limits[2])
}
# Published: lawstat's brunner.munzel.test, pain after two treatments: 3.1375, 17.683, .005786, .788961 (.5952169, .9827052).
pain <- brunner_munzel(c(1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1), c(3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4))
stopifnot(abs(as.numeric(pain) - c(3.1375, 17.683, 0.005786, 0.788961, 0.5952169, 0.9827052)) < c(5e-5, 5e-4, 5e-7, 5e-7, 5e-8, 5e-8))
write_reference(per_case(function(d, before, after, x, y) brunner_munzel(before, after)), "brunner_munzel")

# ---------------------------------------------------------------- means
t_row <- function(test, estimate) data.frame(estimate, std_error = test$stderr, df = as.numeric(test$parameter), p_value = test$p.value,
                                             ci_low = test$conf.int[1], ci_high = test$conf.int[2])
write_reference(per_case(function(d, before, after, x, y) if (length(x) < 2) NULL else t_row(t.test(y, x, paired = TRUE), mean(y - x))), "paired_t")
write_reference(per_case(function(d, before, after, x, y) t_row(t.test(after, before), mean(after) - mean(before))), "welch_t")
write_reference(per_case(function(d, before, after, x, y) {
  means <- tapply(d$y, list(d$organisation, d$wave), mean)
  means <- means[complete.cases(means), , drop = FALSE]
  if (nrow(means) < 2) NULL else t_row(t.test(means[, "last"], means[, "first"], paired = TRUE), mean(means[, "last"] - means[, "first"]))
}), "organisation_mean_t")

# Derrick, Russ, Toher & White 2017, written from the paper: a and b only in one sample, c pairs.
overlapping <- function(a, b, c1, c2, equal = FALSE, level = 0.95) {
  one <- c(a, c1)
  two <- c(b, c2)
  na <- length(a)
  nb <- length(b)
  nc <- length(c1)
  r <- if (sd(c1) == 0 || sd(c2) == 0) 0 else cor(c1, c2)
  welch <- t.test(one, two)$parameter
  if (equal) {
    pooled <- sqrt(((na + nc - 1) * var(one) + (nb + nc - 1) * var(two)) / (na + nb + 2 * nc - 2))
    error <- pooled * sqrt(1 / (na + nc) + 1 / (nb + nc) - 2 * r * nc / ((na + nc) * (nb + nc)))
    df <- nc - 1 + (na + nb + nc - 1) / (na + nb + 2 * nc) * (na + nb)
  } else {
    error <- sqrt(var(one) / (na + nc) + var(two) / (nb + nc) - 2 * r * sd(one) * sd(two) * nc / ((na + nc) * (nb + nc)))
    df <- nc - 1 + (welch - nc + 1) / (na + nb + 2 * nc) * (na + nb)
  }
  change <- mean(two) - mean(one)
  half <- qt(0.5 + level / 2, df) * error
  data.frame(estimate = change, std_error = error, df = as.numeric(df), p_value = 2 * pt(-abs(change / error), df), ci_low = change - half, ci_high = change + half)
}
# Published for the equal variance form (Derrick, Toher & White 2017, The Quantitative Methods for Psychology 13(2)): p = .026.
example <- list(a = c(20, 21, 16, 18, 14, 12, 14, 17), b = c(10, 16, 18, 16, 15, 14, 13, 10), c1 = c(14, 15, 18, 20, 11, 19, 14, 15), c2 = c(15, 10, 15, 17, 13, 19, 12, 13))
stopifnot(round(do.call(overlapping, c(example, equal = TRUE))$p_value, 3) == 0.026)
write_reference(do.call(overlapping, example), "overlapping_example")
write_reference(per_case(function(d, before, after, x, y) {
  both <- intersect(d$person[d$wave == "first"], d$person[d$wave == "last"])
  # Without pairs the formula is Welch's.
  if (length(both) < 2) t_row(t.test(after, before), mean(after) - mean(before)) else overlapping(unname(before[!names(before) %in% both]), unname(after[!names(after) %in% both]), x, y)
}), "partially_overlapping_t")

# ---------------------------------------------------------------- effects
noncentral <- function(t, df, p) {
  f <- function(ncp) suppressWarnings(pt(t, df, ncp)) - p
  uniroot(f, c(-37.5, 37.5), tol = 1e-14, maxiter = 10000)$root
}
noncentrals <- expand.grid(t = c(-7.5, -2.1, -0.4, 0, 0.9, 1.9, 2.6, 4.4, 9.3), df = c(1, 1.7, 2.4, 3.9, 6.3, 12.8, 29, 81.5), level = c(0.90, 0.95))
noncentrals$low <- mapply(noncentral, noncentrals$t, noncentrals$df, 0.5 + noncentrals$level / 2)
noncentrals$high <- mapply(noncentral, noncentrals$t, noncentrals$df, 0.5 - noncentrals$level / 2)
write_reference(noncentrals, "noncentral")

factor_of <- function(m) exp(lgamma(m / 2) - lgamma((m - 1) / 2)) / sqrt(m / 2)
clustered <- function(fit, organisation, coefficient) {
  v <- vcovCR(fit, cluster = organisation, type = "CR2")
  test <- coef_test(fit, vcov = v, test = "Satterthwaite", coefs = coefficient)
  interval <- conf_int(fit, vcov = v, level = 0.95, test = "Satterthwaite", coefs = coefficient)
  data.frame(change = test$beta, std_error = test$SE, df = test$df_Satt, p_value = test$p_Satt, ci_low = interval$CI_L, ci_high = interval$CI_U)
}
write_reference(per_case(function(d, before, after, x, y) {
  fit <- clustered(lm(y ~ is_last, data = d), d$organisation, "is_last")
  scale <- factor_of(length(before) - 1) / sd(before)
  t <- fit$change / fit$std_error
  fit$effect <- fit$change * scale
  fit$effect_low <- noncentral(t, fit$df, 0.975) * fit$std_error * scale
  fit$effect_high <- noncentral(t, fit$df, 0.025) * fit$std_error * scale
  # Linearised: the change in baseline standard deviations as a difference of means.
  g <- fit$change / sd(before)
  d$z <- d$y / sd(before) + ifelse(d$is_last == 1, 0, g / 2 * ((d$y - mean(before))^2 / var(before) - 1))
  linear <- clustered(lm(z ~ is_last, data = d), d$organisation, "is_last")
  half <- qt(0.975, linear$df) * linear$std_error * factor_of(length(before) - 1)
  fit$linear_low <- fit$effect - half
  fit$linear_high <- fit$effect + half
  fit
}), "hedges_g")

# effectsize searches the noncentrality by Nelder-Mead, to three or four digits.
write_reference(per_case(function(d, before, after, x, y) {
  found <- glass_delta(after, before)
  data.frame(n_from = length(before), t = (mean(after) - mean(before)) / t.test(after, before)$stderr, error_in_sd = t.test(after, before)$stderr / sd(before),
             delta = found$Glass_delta, delta_low = found$CI_low, delta_high = found$CI_high)
}), "glass_delta")

write_reference(per_case(function(d, before, after, x, y) {
  m <- sign(outer(after, before, "-"))
  delta <- mean(m)
  d$placed <- NA
  d$placed[d$is_last == 1] <- rowMeans(m)
  d$placed[d$is_last == 0] <- -colMeans(m)
  fit <- clustered(lm(placed ~ is_last, data = d), d$organisation, "is_last")
  stopifnot(all.equal(fit$change, 2 * delta))
  s <- qt(0.975, fit$df) * fit$std_error
  data.frame(delta, std_error = fit$std_error, df = fit$df, delta_low = (delta - delta^3 - s * sqrt((1 - delta^2)^2 + s^2)) / (1 - delta^2 + s^2),
             delta_high = (delta - delta^3 + s * sqrt((1 - delta^2)^2 + s^2)) / (1 - delta^2 + s^2),
             p_value = 2 * pt(-abs(delta) * sqrt(1 - delta^2) / fit$std_error, fit$df))
}), "cliffs_delta")

write_reference(do.call(rbind, lapply(names(shapes), function(case) {
  d <- persons[persons$case == case, ]
  d$top <- as.numeric(d$item >= 4)
  d$is_last <- as.numeric(d$wave == "last")
  data.frame(case, outcome = "item", clustered(lm(top ~ is_last, data = d), d$organisation, "is_last"))
})), "top_two_box")

packages <- c("clubSandwich", "coin", "effectsize", "exactRankTests")
versions <- data.frame(program = c("R", packages), version = c(as.character(getRversion()), vapply(packages, function(p) as.character(packageVersion(p)), "")))
write.csv(versions, file.path(out, "versions.csv"), row.names = FALSE, quote = FALSE, eol = "\n")
