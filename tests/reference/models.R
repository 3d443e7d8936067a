# Reference values for midterm.compare.mixed_model, .models and .ordinal, by other programs.
#
# Run from the repository's root:  Rscript tests/reference/models.R
# Writes tests/reference/models/*.csv: made-up inputs, expected values and versions. All data are drawn here with a fixed seed.

suppressPackageStartupMessages({
  library(clubSandwich)
  library(geepack)
  library(lmerTest)
  library(ordinal)
  library(pbkrtest)
  library(sandwich)
})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)[1]))
source(file.path(here, "write.R"))
out <- folder_of("models")

# ---------------------------------------------------------------- persons in organisations in alliances, two waves
# stay, leave, enter: persons by organisation with both waves, the first only, the last only.
likert <- function(x) pmin(5, pmax(1, round(x)))

persons_of <- function(design, stay, leave, enter, alliance, mover = FALSE) {
  rows <- do.call(rbind, lapply(seq_along(stay), function(g) {
    ids <- sprintf("p%02d_%02d", g, seq_len(stay[g] + leave[g] + enter[g]))
    waves <- rep(list(0:1, 0L, 1L), c(stay[g], leave[g], enter[g]))
    data.frame(design, organisation = g, person = rep(ids, lengths(waves)), is_after = unlist(waves))
  }))
  g <- rows$organisation
  cell <- g + length(stay) * rows$is_after
  person <- as.integer(factor(rows$person))
  draw <- function(sd, index) rnorm(max(index), 0, sd)[index]
  n <- nrow(rows)
  mean_of <- function(so, sc, sp, se, change) 3.2 + draw(so, g) + draw(sc, cell) + draw(sp, person) + rnorm(n, 0, se) + change * rows$is_after
  rows$smooth <- mean_of(0.4, 0.3, 0.6, 0.5, 0.3)
  items <- sapply(1:3, function(i) likert(mean_of(0.3, 0.2, 0.6, 0.7, 0.2)))
  items[cbind(seq_len(n), 3)][runif(n) < 0.2] <- NA
  rows$score <- rowMeans(items, na.rm = TRUE)
  rows$item <- items[, 1]
  rows$share <- as.numeric(mean_of(0.3, 0.2, 0.5, 0.8, 0.3) > 3.3)
  # No difference between organisations at all: their variances end at 0, their correlation below it.
  rows$alike <- rnorm(n, 3, 0.8)
  rows$alike <- 3 + rows$alike - ave(rows$alike, g)
  rows$score[runif(n) < 0.08] <- NA
  rows$item[runif(n) < 0.08] <- NA
  rows$alliance <- alliance[g]
  # Someone who moves to another organisation, and an organisation that works in two alliances.
  if (mover) {
    rows$organisation[rows$person == "p01_01" & rows$is_after == 1] <- 2
    rows$alliance[rows$organisation == 3 & seq_len(n) %% 2 == 0] <- alliance[length(alliance)]
  }
  rows[sample(n), ]
}

set.seed(20250411)
size <- function(n, low, high) sample(low:high, n, replace = TRUE)
persons <- rbind(
  persons_of("pooled", size(36, 1, 6), size(36, 0, 4), size(36, 0, 4), rep(1:8, length.out = 36), mover = TRUE),
  persons_of("eight", c(5, 3, 6, 2, 4, 2, 1, 3), c(2, 4, 1, 3, 2, 0, 1, 2), c(3, 1, 2, 2, 4, 1, 0, 3), rep(1:2, 4)),
  persons_of("five", c(6, 4, 5, 0, 3), c(1, 2, 0, 5, 2), c(2, 2, 1, 0, 3), rep(1, 5)),
  persons_of("unlinked", rep(0, 9), size(9, 2, 6), size(9, 2, 6), rep(1:3, 3)),
  # The last alliance has nobody in the first wave, the first has one organisation.
  persons_of("left_out", c(4, 3, 5, 4, 2, 0, 3), c(1, 2, 0, 2, 3, 0, 1), c(2, 1, 1, 0, 2, 6, 0), c(1, 2, 2, 3, 3, 4, 2))
)
outcomes <- c("smooth", "score", "item", "share", "alike")
write_reference(persons, "persons")

cases <- do.call(rbind, lapply(unique(persons$design), function(design) data.frame(design, outcome = outcomes)))
each <- function(f) do.call(rbind, lapply(seq_len(nrow(cases)), function(i) {
  d <- persons[persons$design == cases$design[i], ]
  home <- d$organisation[order(d$is_after)][match(d$person, d$person[order(d$is_after)])]
  d$home <- factor(home)
  d$y <- d[[cases$outcome[i]]]
  found <- f(d[!is.na(d$y), ])
  if (is.null(found)) NULL else cbind(cases[i, ], found)
}))

# ---------------------------------------------------------------- mixed model
# The optimiser is told to go on to the last digit, from several starts, as its own default stops at about four digits of theta.
mixed <- each(function(d) {
  formula <- if (any(duplicated(d$person))) y ~ is_after + (1 | home) + (1 | home:is_after) + (1 | person) else y ~ is_after + (1 | home) + (1 | home:is_after)
  control <- lmerControl(optimizer = "nloptwrap", calc.derivs = FALSE, check.conv.singular = "ignore",
                         optCtrl = list(xtol_abs = 1e-14, xtol_rel = 1e-14, ftol_abs = 1e-16, ftol_rel = 1e-16, maxeval = 1e5))
  fits <- list(lmer(formula, d, control = control))
  for (start in list(c(1, 1, 1), c(0.3, 0.3, 0.3), c(1.5, 0.2, 0.5), c(0.2, 1, 0.1))) {
    fits <- c(fits, list(lmer(formula, d, control = control, start = start[seq_along(getME(fits[[1]], "theta"))])))
  }
  fit <- fits[[which.min(vapply(fits, REMLcrit, 0))]]
  test <- coef(summary(fit))["is_after", ]
  interval <- test[["Estimate"]] + c(-1, 1) * qt(.975, test[["df"]]) * test[["Std. Error"]]
  rogers <- coef(summary(fit, ddf = "Kenward-Roger"))["is_after", ]
  variance <- as.data.frame(VarCorr(fit))
  part <- function(name) { v <- variance$vcov[variance$grp == name]; if (length(v)) v else NA }
  data.frame(n = nrow(d), estimate = test[["Estimate"]], std_error = test[["Std. Error"]], df = test[["df"]], p_value = test[["Pr(>|t|)"]],
             ci_low = interval[1], ci_high = interval[2], is_singular = isSingular(fit, tol = 1e-5), organisation = part("home"), by_wave = part("home:is_after"),
             person = part("person"), residual = sigma(fit)^2, kr_error = rogers[["Std. Error"]], kr_df = rogers[["df"]], kr_p = rogers[["Pr(>|t|)"]])
})
write_reference(mixed, "mixed")

# ---------------------------------------------------------------- generalised estimating equations
# Mancl & DeRouen's correction written out with whole matrices at geepack's estimates: cov(y) = (I - H)^-1 e e' (I - H')^-1; without the
# correction the same must be geepack's own sandwich. Where it can, clubSandwich says the same (its CR3 on a least squares fit when alpha is 0).
mancl_derouen <- function(d, alpha, beta, is_corrected) {
  x <- cbind(1, d$is_after)
  blocks <- lapply(split(seq_len(nrow(d)), d$organisation), function(i) {
    list(x = x[i, , drop = FALSE], e = d$y[i] - x[i, , drop = FALSE] %*% beta, inverse = solve(diag(1 - alpha, length(i)) + alpha))
  })
  bread <- solve(Reduce(`+`, lapply(blocks, function(b) t(b$x) %*% b$inverse %*% b$x)))
  scores <- lapply(blocks, function(b) {
    leverage <- b$x %*% bread %*% t(b$x) %*% b$inverse
    t(b$x) %*% b$inverse %*% (if (is_corrected) solve(diag(length(b$e)) - leverage) %*% b$e else b$e)
  })
  sqrt((bread %*% Reduce(`+`, lapply(scores, tcrossprod)) %*% bread)[2, 2])
}
whole <- persons[persons$design == "eight", ]
whole$y <- whole$smooth
plain <- lm(y ~ is_after, whole)
stopifnot(abs(mancl_derouen(whole, 0, coef(plain), TRUE) / sqrt(vcovCR(plain, cluster = whole$organisation, type = "CR3")[2, 2]) - 1) < 1e-10)

gee <- each(function(d) {
  d <- d[order(d$organisation), ]
  fitted <- function(corstr) geese(y ~ is_after, id = organisation, data = d, corstr = corstr, control = geese.control(epsilon = 1e-14, maxit = 500))
  fit <- fitted("exchangeable")
  alpha <- as.numeric(fit$alpha)
  # geepack goes on with an alpha that makes the largest organisation's matrix no correlation matrix; independence stands in for it.
  is_held <- alpha <= -1 / (max(table(d$organisation)) - 1) || alpha >= 1
  if (is_held) {
    fit <- fitted("independence")
    alpha <- 0
  }
  reduced <- mancl_derouen(d, alpha, fit$beta, TRUE)
  stopifnot(abs(mancl_derouen(d, alpha, fit$beta, FALSE) / sqrt(fit$vbeta[2, 2]) - 1) < 1e-8)
  df <- length(unique(d$organisation)) - 1
  estimate <- as.numeric(fit$beta[["is_after"]])
  data.frame(estimate, alpha, is_held, scale = as.numeric(fit$gamma), sandwich = sqrt(fit$vbeta[2, 2]), std_error = reduced, df = as.double(df),
             p_value = 2 * pt(-abs(estimate / reduced), df), ci_low = estimate - qt(.975, df) * reduced, ci_high = estimate + qt(.975, df) * reduced)
})
write_reference(gee, "gee")

# ---------------------------------------------------------------- cumulative logit
# The cluster sandwich twice: package sandwich on clm, and from numeric derivatives of the written likelihood.
ordinal <- each(function(d) {
  if (length(unique(round(d$y, 9))) > 20) return(NULL)
  d$level <- factor(round(d$y, 9), ordered = TRUE)
  fit <- clm(level ~ is_after, data = d, control = clm.control(gradTol = 1e-12, maxIter = 200))
  clusters <- length(unique(d$organisation))
  cluster <- vcovCL(fit, cluster = d$organisation, type = "HC0", cadjust = TRUE)
  J <- nlevels(d$level)
  one <- function(p, i) {
    theta <- c(-Inf, p[seq_len(J - 1)], Inf)
    log(plogis(theta[as.integer(d$level)[i] + 1] - p[J] * d$is_after[i]) - plogis(theta[as.integer(d$level)[i]] - p[J] * d$is_after[i]))
  }
  at <- coef(fit)
  scores <- t(vapply(seq_len(nrow(d)), function(i) numDeriv::grad(function(p) one(p, i), at), at))
  by_cluster <- rowsum(scores, d$organisation)
  own <- vcov(fit) %*% crossprod(by_cluster) %*% vcov(fit) * clusters / (clusters - 1)
  beta <- at[["is_after"]]
  error <- sqrt(cluster["is_after", "is_after"])
  stopifnot(abs(error / sqrt(own[J, J]) - 1) < 1e-6)
  df <- clusters - 1
  data.frame(levels = J, beta, model_error = sqrt(vcov(fit)["is_after", "is_after"]), log_likelihood = as.numeric(logLik(fit)), cluster_error = error, df = as.double(df),
             p_value = 2 * pt(-abs(beta / error), df), odds_ratio = exp(beta), low = exp(beta - qt(.975, df) * error), high = exp(beta + qt(.975, df) * error),
             difference = mean(d$y[d$is_after == 1]) - mean(d$y[d$is_after == 0]))
})
write_reference(ordinal, "ordinal")

# ---------------------------------------------------------------- every alliance the same weight
# With sum contrasts the coefficient of the wave is the unweighted mean of the alliances' changes.
terms <- each(function(d) {
  waves <- table(d$alliance, d$is_after)
  kept <- rownames(waves)[rowSums(waves > 0) == 2]
  if (length(kept) < 2) return(NULL)
  d <- d[d$alliance %in% kept, ]
  d$alliance <- factor(d$alliance)
  contrasts(d$alliance) <- contr.sum
  fit <- lm(y ~ alliance * is_after, data = d)
  v <- vcovCR(fit, cluster = d$organisation, type = "CR2")
  test <- suppressWarnings(coef_test(fit, vcov = v, test = "Satterthwaite", coefs = "is_after"))
  interval <- suppressWarnings(conf_int(fit, vcov = v, level = 0.95, test = "Satterthwaite", coefs = "is_after"))
  data.frame(alliances = length(kept), left_out = nrow(waves) - length(kept), estimate = test$beta, std_error = test$SE, df = test$df_Satt, p_value = test$p_Satt,
             ci_low = interval$CI_L, ci_high = interval$CI_U)
})
write_reference(terms, "alliance_terms")

# Counts: sums over exposure, a regression weighted by exposure, which is taken as inverse variance: least squares on scores and columns times
# its root. (With inverse_var = TRUE clubSandwich takes another root of the same matrix, which differs by a percent where the weights
# differ within an organisation.)
set.seed(20250412)
counts <- persons[persons$design == "pooled", c("alliance", "organisation", "person", "is_after")]
counts$exposure <- sample(c(0.25, 0.5, 1, 2), nrow(counts), replace = TRUE)
counts$count <- rpois(nrow(counts), counts$exposure * exp(0.2 + 0.2 * counts$is_after + rnorm(36, 0, 0.4)[counts$organisation]))
write_reference(counts, "counts")
counts$alliance <- factor(counts$alliance)
contrasts(counts$alliance) <- contr.sum
rooted <- as.data.frame(model.matrix(~ alliance * is_after, counts) * sqrt(counts$exposure))
names(rooted) <- c("one", paste0("a", 1:7), "wave", paste0("b", 1:7))
rooted$rate <- counts$count / counts$exposure * sqrt(counts$exposure)
fit <- lm(rate ~ 0 + ., data = rooted)
test <- coef_test(fit, vcov = vcovCR(fit, cluster = counts$organisation, type = "CR2"), test = "Satterthwaite", coefs = "wave")
write_reference(data.frame(estimate = test$beta, std_error = test$SE, df = test$df_Satt, p_value = test$p_Satt), "alliance_terms_counts")

packages <- c("clubSandwich", "geepack", "lme4", "lmerTest", "numDeriv", "ordinal", "pbkrtest", "sandwich")
versions <- data.frame(program = c("R", packages), version = c(as.character(getRversion()), vapply(packages, function(p) as.character(packageVersion(p)), "")))
write.csv(versions, file.path(out, "versions.csv"), row.names = FALSE, quote = FALSE, eol = "\n")
