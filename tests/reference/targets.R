# Reference values for midterm.measure.targets, by clubSandwich and car.
#
# Run from the repository's root:  Rscript tests/reference/targets.R
# Writes tests/reference/targets/*.csv: made-up inputs, drawn here with a fixed seed, expected values and versions.csv.

suppressPackageStartupMessages({
  library(car)
  library(clubSandwich)
})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)[1]))
source(file.path(here, "write.R"))
out <- folder_of("targets")

set.seed(20250701)

# ---------------------------------------------------------------- persons of organisations in two waves
# One row per organisation: its persons in both waves, in the first only, in the last only.
shapes <- list(
  four_organisations  = list(c(4, 2, 1), c(6, 0, 3), c(3, 2, 2), c(5, 1, 4)),
  five_uneven         = list(c(3, 3, 3), c(1, 2, 0), c(12, 1, 4), c(2, 2, 2), c(0, 4, 3)),
  eight_organisations = list(c(4, 2, 3), c(2, 2, 1), c(7, 5, 6), c(1, 1, 1), c(3, 0, 2), c(0, 3, 4), c(2, 1, 0), c(5, 4, 4)),
  leaver_and_entrant  = list(c(5, 1, 2), c(4, 2, 2), c(3, 0, 3), c(4, 2, 1), c(0, 6, 0), c(0, 0, 6)),
  all_independent     = list(c(0, 4, 3), c(0, 5, 5), c(0, 6, 4), c(0, 3, 3), c(0, 4, 6))
)

persons_of <- function(design) {
  shape <- shapes[[design]]
  rows <- lapply(seq_along(shape), function(g) {
    n <- shape[[g]]
    ids <- sprintf("%s_%02d", letters[g], seq_len(sum(n)))
    first <- ids[seq_len(n[1] + n[2])]
    last <- c(ids[seq_len(n[1])], ids[n[1] + n[2] + seq_len(n[3])])
    data.frame(design, organisation = rep(paste0("org_", letters[g]), length(first) + length(last)), person = c(first, last),
               wave = rep(c("first", "last"), c(length(first), length(last))))
  })
  persons <- do.call(rbind, rows)
  lean <- rnorm(length(shape), 0, 0.4)[as.integer(factor(persons$organisation))]
  is_last <- persons$wave == "last"
  persons$score <- pmin(5, pmax(1, round(3 * (2.9 + lean + 0.5 * is_last + rnorm(nrow(persons), 0, 0.8))) / 3))
  persons$has_incident <- as.numeric(runif(nrow(persons)) < plogis(0.4 + lean - 0.8 * is_last))
  persons$years <- sample(1:6, nrow(persons), replace = TRUE)
  persons$incidents <- rpois(nrow(persons), persons$years * exp(0.1 + lean - 0.4 * is_last))
  persons[sample(nrow(persons)), ]
}

persons <- do.call(rbind, lapply(names(shapes), persons_of))
write_reference(persons, "persons")

# ---------------------------------------------------------------- delta and Fieller
# A rate is the regression through the origin of y / sqrt(t) on sqrt(t), t the exposure (sum over sum).
fit_of <- function(d, outcome) {
  root <- if (outcome == "incidents") sqrt(d$years) else rep(1, nrow(d))
  y <- d[[outcome]] / root
  before <- root * (d$wave == "first")
  after <- root * (d$wave == "last")
  if (any(d$wave == "first")) lm(y ~ 0 + before + after) else lm(y ~ 0 + after)
}

row_of <- function(design, outcome, target, baseline, level) {
  d <- persons[persons$design == design, ]
  is_known <- is.finite(baseline)
  if (is_known) d <- d[d$wave == "last", ]
  fit <- fit_of(d, outcome)
  v <- vcovCR(fit, cluster = d$organisation, type = "CR2")
  plain <- matrix(as.numeric(v), nrow(v), dimnames = dimnames(v))
  a <- coef(fit)[["after"]]
  b <- if (is_known) baseline else coef(fit)[["before"]]
  p <- (a - b) / (target - b)
  weights <- if (is_known) c(after = 1) else c(before = p - 1, after = 1)
  df <- linear_contrast(fit, vcov = v, contrasts = matrix(weights, 1), test = "Satterthwaite")$df
  q <- qt((1 + level) / 2, df)
  number <- function(x) formatC(x, digits = 15, format = "g")
  formula <- if (is_known) sprintf("(after - %s) / (%s - %s)", number(b), number(target), number(b)) else
    sprintf("(after - before) / (%s - before)", number(target))
  delta <- deltaMethod(coef(fit), formula, vcov. = plain)
  # Fieller's inequality, solved by bisection outwards from the estimate.
  error_at <- function(p0) {
    w <- if (is_known) 1 else c(p0 - 1, 1)
    sqrt(drop(t(w) %*% plain %*% w))
  }
  excess <- function(p0) abs(a - b - p0 * (target - b)) - q * error_at(p0)
  is_bounded <- is_known || abs(target - b) > q * sqrt(plain["before", "before"])
  end <- function(side) {
    step <- delta$SE
    while (excess(p + side * step) < 0) step <- 2 * step
    uniroot(excess, sort(c(p, p + side * step)), tol = 1e-14, maxiter = 10000)$root
  }
  ends <- if (is_bounded) c(end(-1), end(1)) else c(NA, NA)
  data.frame(design, outcome, target, baseline, level, before = b, after = a, estimate = p, std_error = delta$SE, df,
             delta_low = p - q * delta$SE, delta_high = p + q * delta$SE, fieller_low = ends[1], fieller_high = ends[2])
}

# Targets: far away, near, and hardly away from the baseline (no end to the interval).
aims <- list(score = c(4.5, 3.8, 3.1), has_incident = c(0.1, 0.3), incidents = c(0.2, 0.9))
known <- list(score = 2.75, has_incident = 0.62, incidents = 1.2)
rows <- list()
for (design in names(shapes)) for (outcome in names(aims)) for (target in aims[[outcome]]) {
  rows <- c(rows, list(row_of(design, outcome, target, NA, 0.95)), list(row_of(design, outcome, target, known[[outcome]], 0.95)))
}
for (design in names(shapes)) rows <- c(rows, list(row_of(design, "score", 4.5, NA, 0.90)))
write_reference(do.call(rbind, rows), "ways")

# ---------------------------------------------------------------- versions
packages <- c("car", "clubSandwich")
write_reference(data.frame(program = c("R", packages), version = c(paste(R.version$major, R.version$minor, sep = "."),
                                                                   vapply(packages, function(p) as.character(packageVersion(p)), ""))), "versions")
