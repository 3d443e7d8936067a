# Reference values for midterm.compare.attrition and midterm.compare.imputation, by other programs.
#
# Run from the repository's root:  Rscript tests/reference/attrition.R
# It takes about six minutes, most of them for mice.
# Writes tests/reference/attrition/*.csv: made-up inputs, expected values and versions.csv.
# All data are drawn here by R with a fixed seed; none comes from the evaluation.

suppressPackageStartupMessages({
  library(clubSandwich)
  library(lme4)
  library(mice)
})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)[1]))
source(file.path(here, "write.R"))
out <- folder_of("attrition")

likert <- function(n, centre) pmin(5, pmax(1, round(rnorm(n, centre, 1))))

# ---------------------------------------------------------------- persons, some in one wave only
# Persons of each organisation; half of them in both waves, and some questions not answered.
sizes <- list(three = c(9, 14, 6), five = c(12, 7, 15, 4, 9), eight = c(6, 12, 3, 9, 15, 5, 8, 11), ten = c(4, 7, 3, 12, 5, 6, 9, 8, 2, 10))

persons_of <- function(design) {
  organisation <- rep(seq_along(sizes[[design]]), sizes[[design]])
  n <- length(organisation)
  lean <- rnorm(length(sizes[[design]]), 0, 0.4)[organisation]
  trait <- rnorm(n, 3.2, 0.6) + lean
  d <- data.frame(design, person = sprintf("p%02d", sample(99, n)), organisation = letters[organisation])
  d$scale_before <- rowMeans(sapply(1:3, function(i) likert(n, trait)))
  d$scale_after <- rowMeans(sapply(1:3, function(i) likert(n, trait + 0.3)))
  d$share_before <- as.numeric(runif(n) < plogis(trait - 3))
  d$share_after <- as.numeric(runif(n) < plogis(trait - 2.6))
  d$count_before <- as.numeric(rpois(n, 2 * exp(lean)))
  d$count_after <- as.numeric(rpois(n, 3 * exp(lean)))
  d$exposure_before <- sample(1:4, n, replace = TRUE) / 2
  d$exposure_after <- sample(1:4, n, replace = TRUE) / 2
  # Who is content stays more often; everybody is somewhere.
  here_before <- runif(n) < 0.8
  here_after <- ifelse(here_before, runif(n) < plogis(d$scale_before - 2.4), TRUE)
  d[!here_before, grep("_before$", names(d))] <- NA
  d[!here_after, grep("_after$", names(d))] <- NA
  d$share_after[sample(n, 2)] <- NA
  d[sample(n), ]
}

set.seed(20250501)
persons <- do.call(rbind, lapply(names(sizes), persons_of))
write_reference(persons, "persons")

# ---------------------------------------------------------------- CR2 of linked persons, of leavers and entrants, and weighted
row_of <- function(design, outcome, quantity, fit, cluster, coefficient) {
  v <- vcovCR(fit, cluster = cluster, type = "CR2", inverse_var = TRUE)
  test <- coef_test(fit, vcov = v, test = "Satterthwaite", coefs = coefficient)
  interval <- conf_int(fit, vcov = v, level = 0.95, test = "Satterthwaite", coefs = coefficient)
  data.frame(design, outcome, quantity, estimate = test$beta, std_error = test$SE, df = test$df_Satt, p_value = test$p_Satt,
             ci_low = interval$CI_L, ci_high = interval$CI_U)
}

both_waves <- function(d, weight) {
  long <- data.frame(y = c(d$before, d$after), is_after = rep(0:1, each = nrow(d)), organisation = rep(d$organisation, 2),
                     w = c(weight * d$exposure_before, weight * d$exposure_after))
  lm(y ~ is_after, data = long, weights = w)
}

# For rates without other weights the reference is the regression multiplied by the root of the exposure, as in the primary comparison:
# where weights differ within an organisation, clubSandwich's correction for lm(weights = ) takes another root of the leverage.
by_exposure <- function(y, group, exposure) {
  d <- data.frame(y = sqrt(exposure) * y, one = sqrt(exposure), x = sqrt(exposure) * group)
  lm(y ~ 0 + one + x, data = d)
}

strict <- glm.control(epsilon = 1e-15, maxit = 100)
fits <- list()
stays <- list()
for (design in names(sizes)) for (outcome in c("scale", "share", "count")) {
  d <- persons[persons$design == design, ]
  if (outcome != "count") d$exposure_before <- d$exposure_after <- 1
  d$before <- d[[paste0(outcome, "_before")]] / d$exposure_before
  d$after <- d[[paste0(outcome, "_after")]] / d$exposure_after
  add <- function(...) fits[[length(fits) + 1]] <<- row_of(design, outcome, ...)
  linked <- d[!is.na(d$before) & !is.na(d$after), ]
  if (outcome == "count") {
    fit <- by_exposure(c(linked$before, linked$after), rep(0:1, each = nrow(linked)), c(linked$exposure_before, linked$exposure_after))
    add("linked", fit, rep(linked$organisation, 2), "x")
  } else {
    add("linked", lm(after - before ~ 1, data = linked), linked$organisation, "(Intercept)")
  }
  first <- d[!is.na(d$before), ]
  first$is_leaver <- as.numeric(is.na(first$after))
  add("leavers", by_exposure(first$before, first$is_leaver, first$exposure_before), first$organisation, "x")
  last <- d[!is.na(d$after), ]
  last$is_entrant <- as.numeric(is.na(last$before))
  add("entrants", by_exposure(last$after, last$is_entrant, last$exposure_after), last$organisation, "x")
  model <- glm(1 - is_leaver ~ before, data = first, family = binomial, control = strict)
  has_mle <- with(first, min(before[is_leaver == 0]) < max(before[is_leaver == 1]) && min(before[is_leaver == 1]) < max(before[is_leaver == 0]))
  if (!has_mle) next
  stays[[length(stays) + 1]] <- data.frame(design, outcome, intercept = coef(model)[[1]], slope = coef(model)[[2]])
  linked <- first[first$is_leaver == 0, ]
  weight <- mean(1 - first$is_leaver) / fitted(model)[first$is_leaver == 0]
  capped <- pmin(weight, 3 * median(weight))
  add(if (any(weight > capped)) "weighted_capped" else "weighted", both_waves(linked, capped), rep(linked$organisation, 2), "is_after")
}
write_reference(do.call(rbind, fits), "fits")
write_reference(do.call(rbind, stays), "stays")

# ---------------------------------------------------------------- pooling: Rubin's rules with Barnard and Rubin's df
# Twenty estimates and variances a case; `df` is the degrees of freedom with complete data.
pools <- list(common = c(df = 4.3, between = 0.02), much_missing = c(df = 6.9, between = 0.4), little_missing = c(df = 2.1, between = 0.001), many = c(df = 55.5, between = 0.1))
draws <- do.call(rbind, lapply(names(pools), function(case) {
  data.frame(case, imputation = 1:20, df = pools[[case]][["df"]], estimate = rnorm(20, 0.3, sqrt(pools[[case]][["between"]])), variance = runif(20, 0.03, 0.06))
}))
pooled <- do.call(rbind, lapply(names(pools), function(case) {
  d <- draws[draws$case == case, ]
  fit <- pool.scalar(d$estimate, d$variance, n = d$df[1] + 1, k = 1)
  half <- qt(0.975, fit$df) * sqrt(fit$t)
  data.frame(case, estimate = fit$qbar, std_error = sqrt(fit$t), df = fit$df, p_value = 2 * pt(abs(fit$qbar) / sqrt(fit$t), fit$df, lower.tail = FALSE),
             ci_low = fit$qbar - half, ci_high = fit$qbar + half)
}))
write_reference(draws, "draws")
write_reference(pooled, "pooled")

# ---------------------------------------------------------------- multiple imputation by mice, to be met within Monte Carlo error
# Scores from 0 to 100 that stay far from both ends, so that only the model matters. Twelve organisations; who scores low leaves.
# mice draws each wave from a random-intercept regression on the other (2l.lmer), 15 rounds, 400 imputations.
organisation <- rep(1:12, rep(c(5, 8, 11), 4))
n <- length(organisation)
lean <- rnorm(12, 0, 3)[organisation]
trait <- rnorm(n, 50, 6) + lean
wide <- data.frame(person = sprintf("p%03d", seq_len(n)), organisation, before = trait + rnorm(n, 0, 5), after = trait + 4 + rnorm(n, 0, 5) + rnorm(12, 0, 2)[organisation])
leaves <- runif(n) < plogis((45 - wide$before) / 5)
enters <- !leaves & runif(n) < 0.25
wide$after[leaves] <- NA
wide$before[enters] <- NA
predictors <- matrix(0, 4, 4, dimnames = list(names(wide), names(wide)))
predictors["before", c("organisation", "after")] <- c(-2, 1)
predictors["after", c("organisation", "before")] <- c(-2, 1)
# lmer says where the variance between organisations is 0 in one of the many fits: known and of no matter here.
imputed <- suppressWarnings(suppressMessages(mice(wide, m = 400, maxit = 15, method = c("", "", "2l.lmer", "2l.lmer"), predictorMatrix = predictors, seed = 20250502, printFlag = FALSE)))
by_imputation <- do.call(rbind, lapply(1:400, function(i) {
  d <- complete(imputed, i)
  test <- coef_test(lm(after - before ~ 1, data = d), vcov = "CR2", cluster = d$organisation, test = "Satterthwaite")
  data.frame(estimate = test$beta, variance = test$SE^2, df = test$df_Satt)
}))
write_reference(wide, "mice_persons")
write_reference(data.frame(imputations = 400, estimate = mean(by_imputation$estimate), within = mean(by_imputation$variance), between = var(by_imputation$estimate), df = by_imputation$df[1]), "mice")

# ---------------------------------------------------------------- versions
packages <- c("clubSandwich", "lme4", "mice")
versions <- data.frame(program = c("R", packages), version = c(as.character(getRversion()), vapply(packages, function(p) as.character(packageVersion(p)), "")))
write.csv(versions, file.path(out, "versions.csv"), row.names = FALSE, quote = FALSE, eol = "\n")
