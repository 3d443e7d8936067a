# Reference values for midterm.measure and midterm.compare, by other programs.
#
# Run from the repository's root:  Rscript tests/reference/estimators.R
# Writes tests/reference/estimators/*.csv (made-up inputs and expected values) and tests/reference/versions.csv.
# All data are drawn here by R with a fixed seed, or are published and cited; none comes from the evaluation.

suppressPackageStartupMessages({
  library(clubSandwich)
  library(metafor)
  library(psych)
  library(survey)
})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)[1]))
source(file.path(here, "write.R"))
out <- folder_of("estimators")

likert <- function(n, centre) pmin(5, pmax(1, round(rnorm(n, centre, 1))))

# ---------------------------------------------------------------- clustered designs: persons in waves
# One row: design, organisation, its persons in both waves, persons in the first wave only, in the last wave only.
shapes <- list(
  two_organisations   = list(c(4, 3, 2), c(2, 1, 3)),
  three_organisations = list(c(3, 2, 1), c(5, 0, 4), c(1, 1, 2)),
  five_organisations  = list(c(3, 3, 3), c(1, 2, 0), c(6, 1, 4), c(2, 2, 2), c(0, 4, 3)),
  eight_organisations = list(c(4, 2, 3), c(2, 2, 1), c(7, 5, 6), c(1, 1, 1), c(3, 0, 2), c(0, 3, 4), c(2, 1, 0), c(5, 4, 4)),
  one_in_one_wave     = list(c(3, 2, 2), c(2, 1, 3), c(4, 0, 1), c(1, 3, 2), c(0, 5, 0)),
  leaver_and_entrant  = list(c(3, 1, 2), c(2, 2, 2), c(1, 0, 3), c(4, 2, 1), c(0, 3, 0), c(0, 0, 6)),
  one_holds_first     = list(c(0, 7, 0), c(0, 0, 4), c(0, 0, 3), c(0, 0, 6)),
  one_holds_first_too = list(c(5, 3, 2), c(0, 0, 4), c(0, 0, 3), c(0, 0, 2)),
  one_person_each     = list(c(1, 0, 0), c(1, 0, 0), c(1, 0, 0), c(0, 1, 1), c(0, 1, 1)),
  all_independent     = list(c(0, 4, 3), c(0, 2, 5), c(0, 6, 2), c(0, 3, 3))
)

persons_of <- function(design) {
  shape <- shapes[[design]]
  rows <- lapply(seq_along(shape), function(g) {
    n <- shape[[g]]
    ids <- sprintf("%s_%02d", letters[g], seq_len(sum(n)))
    first <- ids[seq_len(n[1] + n[2])]
    last <- c(ids[seq_len(n[1])], ids[n[1] + n[2] + seq_len(n[3])])
    organisation <- rep(paste0("org_", letters[g]), length(first) + length(last))
    data.frame(design, organisation, person = c(first, last), wave = rep(c("first", "last"), c(length(first), length(last))))
  })
  persons <- do.call(rbind, rows)
  lean <- rnorm(length(shape), 0, 0.5)[as.integer(factor(persons$organisation))]
  # A scale score: the mean of three five-point items, one of them sometimes not answered.
  items <- sapply(1:3, function(i) likert(nrow(persons), 3.2 + lean + 0.3 * (persons$wave == "last")))
  items[cbind(seq_len(nrow(persons)), 3)][runif(nrow(persons)) < 0.2] <- NA
  persons$score <- rowMeans(items, na.rm = TRUE)
  persons$item <- items[, 1]
  persons$has_incident <- as.numeric(runif(nrow(persons)) < 0.3 + 0.2 * (lean < 0))
  persons$years <- sample(0:9, nrow(persons), replace = TRUE)
  persons[sample(nrow(persons)), ]
}

# Where one organisation holds all of a wave, the variance of the other coefficient is 0 or a rounding error below it:
# hence the warnings that are silenced here; that coefficient is not used.
row_of <- function(design, outcome, quantity, level, fit, cluster, coefficient) {
  v <- vcovCR(fit, cluster = cluster, type = "CR2")
  test <- suppressWarnings(coef_test(fit, vcov = v, test = "Satterthwaite", coefs = coefficient))
  interval <- suppressWarnings(conf_int(fit, vcov = v, level = level, test = "Satterthwaite", coefs = coefficient))
  data.frame(design, outcome, quantity, level, estimate = test$beta, std_error = test$SE, df = test$df_Satt,
             p_value = test$p_Satt, ci_low = interval$CI_L, ci_high = interval$CI_U)
}

set.seed(20250401)
persons <- do.call(rbind, lapply(names(shapes), persons_of))
clustered <- list()
for (design in names(shapes)) for (outcome in c("score", "item", "has_incident")) {
  d <- persons[persons$design == design, ]
  d$y <- d[[outcome]]
  d$is_last <- as.numeric(d$wave == "last")
  add <- function(...) clustered[[length(clustered) + 1]] <<- row_of(design, outcome, ...)
  add("change", 0.95, lm(y ~ is_last, data = d), d$organisation, "is_last")
  add("change", 0.90, lm(y ~ is_last, data = d), d$organisation, "is_last")
  add("change_by_years", 0.95, lm(y ~ is_last + years, data = d), d$organisation, "is_last")
  for (wave in c("first", "last")) {
    w <- d[d$wave == wave, ]
    if (length(unique(w$organisation)) > 1 && var(w$y) > 0) add(paste0("mean_", wave), 0.95, lm(y ~ 1, data = w), w$organisation, "(Intercept)")
  }
}
# The choices of a specification curve: who counts, and how persons are weighted (alike, or so that organisations weigh alike in each wave).
choices <- list()
for (design in names(shapes)) for (outcome in c("score", "item", "has_incident")) for (who in c("everyone", "linked")) for (weighing in c("persons", "organisations")) {
  d <- persons[persons$design == design, ]
  if (who == "linked") d <- d[d$person %in% intersect(d$person[d$wave == "first"], d$person[d$wave == "last"]), ]
  if (length(unique(d$wave)) < 2 || length(unique(d$organisation)) < 2) next
  d$y <- d[[outcome]]
  d$is_last <- as.numeric(d$wave == "last")
  d$w <- if (weighing == "persons") 1 else 1 / ave(rep(1, nrow(d)), d$organisation, d$wave, FUN = sum)
  fit <- lm(y ~ is_last, data = d, weights = w)
  v <- vcovCR(fit, cluster = d$organisation, type = "CR2", inverse_var = TRUE)
  test <- suppressWarnings(coef_test(fit, vcov = v, test = "Satterthwaite", coefs = "is_last"))
  if (!is.finite(test$SE) || test$SE < 1e-8) next
  choices <- c(choices, list(data.frame(design, outcome, who, weighing, estimate = test$beta, std_error = test$SE, df = test$df_Satt, p_value = test$p_Satt)))
}
write_reference(do.call(rbind, choices), "specifications")
write_reference(persons, "persons")
write_reference(do.call(rbind, clustered), "clustered")

# ---------------------------------------------------------------- shares: equal clusters, where survey and CR2 coincide
yes <- list(four_of_six = c(1, 4, 2, 5), six_of_five = c(0, 1, 4, 2, 0, 3), ten_of_three = c(0, 0, 1, 3, 0, 0, 2, 0, 1, 0),
            three_of_eight = c(2, 7, 5), even_five_of_six = c(2, 3, 2, 3, 2), same_three_of_three = c(1, 1, 1))
size <- c(four_of_six = 6, six_of_five = 5, ten_of_three = 3, three_of_eight = 8, even_five_of_six = 6, same_three_of_three = 3)
shares <- do.call(rbind, lapply(names(yes), function(design) {
  m <- size[[design]]
  d <- data.frame(organisation = rep(seq_along(yes[[design]]), each = m), y = unlist(lapply(yes[[design]], function(k) rep(1:0, c(k, m - k)))))
  by_survey <- svyciprop(~y, svydesign(~organisation, weights = ~1, data = d), method = "beta")
  effective <- mean(d$y) * (1 - mean(d$y)) / as.numeric(attr(by_survey, "var")) * (qt(.975, nrow(d) - 1) / qt(.975, length(yes[[design]]) - 1))^2
  # More effective persons than persons cannot be (with the same share everywhere the error is 0, the number infinite): there the exact binomial interval is the reference.
  is_capped <- effective > nrow(d)
  interval <- if (is_capped) binom.test(sum(d$y), nrow(d))$conf.int else attr(by_survey, "ci")
  data.frame(design, size = m, yes = paste(yes[[design]], collapse = " "), share = mean(d$y), reference = if (is_capped) "binom.test" else "svyciprop",
             std_error = as.numeric(sqrt(attr(by_survey, "var"))), ci_low = as.numeric(interval[1]), ci_high = as.numeric(interval[2]))
}))
write_reference(shares, "shares")

# ---------------------------------------------------------------- reliability
scales <- do.call(rbind, lapply(list(c(3, 12), c(2, 9), c(6, 40), c(3, 3)), function(shape) {
  trait <- rnorm(shape[2], 3.3, 0.9)
  items <- sapply(seq_len(shape[1]), function(i) pmin(5, pmax(1, round(trait + rnorm(shape[2], 0, 0.8)))))
  data.frame(scale = sprintf("items_%d_persons_%d", shape[1], shape[2]), person = rep(seq_len(shape[2]), shape[1]),
             item = rep(seq_len(shape[1]), each = shape[2]), value = as.vector(items))
}))
alphas <- do.call(rbind, lapply(split(scales, scales$scale), function(d) {
  items <- as.data.frame(matrix(d$value[order(d$item, d$person)], ncol = max(d$item)))
  point <- suppressWarnings(suppressMessages(psych::alpha(items, check.keys = FALSE, warnings = FALSE)))$total$raw_alpha
  interval <- alpha.ci(point, n.obs = nrow(items), n.var = ncol(items))
  data.frame(scale = d$scale[1], alpha = point, ci_low = interval$lower.ci, ci_high = interval$upper.ci)
}))
write_reference(scales, "scales")
write_reference(alphas, "alpha")

iccs <- do.call(rbind, lapply(c("five_organisations", "eight_organisations", "leaver_and_entrant"), function(design) {
  d <- persons[persons$design == design & persons$wave == "first", ]
  table <- anova(lm(score ~ organisation, data = d))
  n <- as.numeric(table(d$organisation))
  n0 <- (sum(n) - sum(n^2) / sum(n)) / (length(n) - 1)
  between <- table[["Mean Sq"]][1]
  within <- table[["Mean Sq"]][2]
  data.frame(design, n0, between, within, icc1 = (between - within) / (between + (n0 - 1) * within))
}))
write_reference(iccs, "icc1")

# ---------------------------------------------------------------- alliances
cases <- list(
  eight_differ = list(change = c(-0.31, 0.02, 0.18, 0.25, 0.41, 0.55, 0.08, 0.83), std_error = c(0.15, 0.21, 0.12, 0.18, 0.26, 0.14, 0.31, 0.22)),
  five_differ  = list(change = c(0.62, -0.12, 0.31, 0.05, 0.44), std_error = c(0.11, 0.16, 0.24, 0.09, 0.20)),
  three_one_exact = list(change = c(0.10, 0.45, -0.20), std_error = c(0.02, 0.25, 0.30)),
  two_differ   = list(change = c(-0.20, 0.70), std_error = c(0.12, 0.18)),
  two_alike    = list(change = c(0.21, 0.26), std_error = c(0.20, 0.30)),
  six_alike    = list(change = c(0.11, 0.16, 0.09, 0.14, 0.18, 0.12), std_error = c(0.15, 0.12, 0.22, 0.18, 0.25, 0.11)),
  seven_shares = list(change = c(0.050, -0.020, 0.012, 0.091, -0.064, 0.030, 0.110), std_error = c(0.021, 0.034, 0.012, 0.040, 0.028, 0.051, 0.030)),
  # Two precise alliances far apart, or one beside many vague ones: full Fisher steps jump to and fro and never settle
  # (rma stops with an error); half steps reach the maximum of the restricted likelihood, which is checked below.
  two_precise_apart = list(change = c(0.38, 0.10, 0.38, 0.32, 0.19, 0.31, 0.15), std_error = c(0.03, 0.04, 0.24, 0.31, 0.18, 0.24, 0.22)),
  one_precise = list(change = c(0.06, -0.05, 0.22, 0.03, 0.23, 0.14, -0.08, -0.04), std_error = c(0.18, 0.13, 0.24, 0.16, 0.32, 0.04, 0.31, 0.08))
)
changes <- do.call(rbind, lapply(names(cases), function(case) data.frame(case, alliance = seq_along(cases[[case]]$change), change = cases[[case]]$change, std_error = cases[[case]]$std_error)))
fits <- lapply(cases, function(case) rma(yi = case$change, sei = case$std_error, method = "REML", test = "adhoc", control = list(stepadj = 0.5, threshold = 1e-13, maxiter = 10000)))
for (case in names(cases)) {
  likelihood <- function(tau2) vapply(tau2, function(t) as.numeric(logLik(rma(yi = cases[[case]]$change, sei = cases[[case]]$std_error, method = "REML", tau2 = t))), 0)
  stopifnot(likelihood(fits[[case]]$tau2) >= max(likelihood(c(0, 10^seq(-6, 1, by = 0.05)))) - 1e-9)
}
changes$shrunken <- unlist(lapply(fits, function(fit) blup(fit)$pred))
averages <- do.call(rbind, lapply(names(fits), function(case) {
  fit <- fits[[case]]
  reach <- predict(fit, pi.type = "riley") # t with K - 2 degrees of freedom
  data.frame(case, estimate = as.numeric(fit$beta), std_error = fit$se, df = as.numeric(fit$ddf), ci_low = fit$ci.lb, ci_high = fit$ci.ub, tau2 = fit$tau2,
             prediction_low = reach$pi.lb, prediction_high = reach$pi.ub)
}))
write_reference(changes, "alliances")
write_reference(averages, "average")

# ---------------------------------------------------------------- versions
packages <- c("clubSandwich", "metafor", "psych", "survey", "readxl")
versions <- data.frame(program = c("R", packages), version = c(as.character(getRversion()), vapply(packages, function(p) as.character(packageVersion(p)), "")))
write.csv(versions, file.path(here, "versions.csv"), row.names = FALSE, quote = FALSE, eol = "\n")
