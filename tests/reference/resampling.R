# Reference values for midterm.compare.resampling: every pattern counted one by one, and coin and exactRankTests.
#
# Run from the repository's root:  Rscript tests/reference/resampling.R
# Writes tests/reference/resampling/*.csv: persons (drawn here, fixed seed), expected p values and floors, versions.

suppressPackageStartupMessages({
  library(clubSandwich)
  library(coin)
  library(exactRankTests)
})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)[1]))
source(file.path(here, "write.R"))
out <- folder_of("resampling")

# ---------------------------------------------------------------- persons: per organisation (before, after), alliance
shapes <- list(
  two_even         = list(c(3, 3, 1), c(4, 4, 1)),
  three            = list(c(4, 5, 1), c(2, 1, 1), c(3, 3, 1)),
  four             = list(c(2, 3, 1), c(5, 2, 1), c(1, 1, 1), c(3, 4, 1)),
  five             = list(c(3, 2, 1), c(1, 4, 1), c(6, 5, 1), c(2, 2, 1), c(4, 3, 1)),
  leaver_entrant   = list(c(3, 2, 1), c(2, 4, 1), c(4, 0, 1), c(0, 3, 1)),
  two_alliances    = list(c(3, 2, 1), c(2, 4, 2), c(4, 0, 1), c(0, 3, 1), c(0, 1, 1), c(2, 0, 2), c(0, 5, 2)),
  one_wave_only    = list(c(3, 0, 1), c(2, 0, 1), c(5, 0, 1), c(0, 2, 1), c(0, 6, 1)),
  nobody_to_change = list(c(2, 3, 1), c(3, 2, 1), c(2, 2, 2), c(2, 0, 1), c(0, 4, 2))
)
persons_of <- function(design) {
  shape <- shapes[[design]]
  rows <- lapply(seq_along(shape), function(g) {
    s <- shape[[g]]
    lean <- rnorm(1, 0, 0.4)
    change <- rnorm(1, 0.4, 0.3)
    wave <- rep(0:1, s[1:2])
    data.frame(design, organisation = paste0("org_", letters[g]), alliance = paste0("alliance_", s[3]), is_after = wave,
               score = round(3 + lean + change * wave + rnorm(length(wave), 0, 0.7), 3),
               item = pmin(5, pmax(1, round(3 + lean + change * wave + rnorm(length(wave), 0, 1)))),
               meetings = rpois(length(wave), exp(1 + lean / 2 + change * wave / 2)), years = sample(1:4, length(wave), replace = TRUE))
  })
  do.call(rbind, rows)
}
set.seed(20250411)
persons <- do.call(rbind, lapply(names(shapes), persons_of))
# Seven organisations of which two did not change at all (item): their signs are no patterns.
steady <- data.frame(design = "two_steady", organisation = rep(paste0("org_", letters[1:7]), each = 2), alliance = "alliance_1",
                     is_after = rep(0:1, 7), score = c(3, 3, 2, 2, 1, 3, 2, 3, 4, 3, 2, 4, 1, 4), item = c(3, 3, 2, 2, 1, 3, 2, 3, 4, 3, 2, 4, 1, 4),
                     meetings = 1, years = 1)
persons <- rbind(persons, steady)

at_least <- function(t, found) t >= found * (1 - 1e-8) - 1e-12
shares <- function(t, found) c(p_value = mean(at_least(t, found)), p_floor = mean(at_least(t, max(t))))

# ---------------------------------------------------------------- sign flip: all patterns of all organisations
sign_flip <- function(d) {
  means <- tapply(d$y * d$w, list(d$organisation, d$is_after), sum) / tapply(d$w, list(d$organisation, d$is_after), sum)
  if (ncol(means) < 2) return(NULL)
  change <- na.omit(means[, "1"] - means[, "0"])
  if (length(change) < 2) return(NULL)
  patterns <- as.matrix(expand.grid(rep(list(c(-1, 1)), length(change))))
  data.frame(method = "sign_flip", estimate = mean(change), t(shares(abs(as.vector(patterns %*% change)) / length(change), abs(mean(change)))), patterns = nrow(patterns))
}

# ---------------------------------------------------------------- labels of whole organisations, a regression for each relabelling
student <- function(d, type) {
  # Weighted least squares as least squares of everything times the root of the weight (with weights and inverse_var = TRUE clubSandwich
  # takes another root of its adjustment, which differs by some percent where weights differ within an organisation).
  d$root <- sqrt(d$w)
  fit <- lm(I(y * root) ~ 0 + root + I(is_after * root), data = d)
  v <- vcovCR(fit, cluster = d$organisation, type = type)[2, 2]
  # Where every residual is 0 the error is a rounding error.
  abs(coef(fit)[[2]]) / sqrt(max(v, 1e-24))
}
difference <- function(d) weighted.mean(d$y[d$is_after == 1], d$w[d$is_after == 1]) - weighted.mean(d$y[d$is_after == 0], d$w[d$is_after == 0])
permuted <- function(d) {
  waves <- tapply(d$is_after, d$organisation, function(w) length(unique(w)))
  both <- names(waves)[waves == 2]
  single <- unique(d[!d$organisation %in% both, c("organisation", "alliance", "is_after")])
  choices <- lapply(both, function(o) list(list(swap = o), list(swap = NULL)))
  for (a in unique(single$alliance)) {
    s <- single[single$alliance == a, ]
    sets <- if (nrow(s) == 1) matrix(if (s$is_after == 1) 1 else numeric(0), ncol = 1, nrow = sum(s$is_after)) else combn(nrow(s), sum(s$is_after))
    choices[[length(choices) + 1]] <- lapply(seq_len(ncol(sets)), function(j) list(fixed = setNames(as.numeric(seq_len(nrow(s)) %in% sets[, j]), s$organisation)))
  }
  index <- expand.grid(lapply(choices, seq_along))
  if (nrow(index) < 2 || length(waves) < 2) return(NULL)
  t <- apply(index, 1, function(row) {
    e <- d
    for (i in seq_along(row)) {
      choice <- choices[[i]][[row[i]]]
      if (!is.null(choice$swap)) e$is_after[e$organisation == choice$swap] <- 1 - d$is_after[d$organisation == choice$swap]
      if (!is.null(choice$fixed)) for (o in names(choice$fixed)) e$is_after[e$organisation == o] <- choice$fixed[[o]]
    }
    student(e, "CR0")
  })
  data.frame(method = "permuted_organisations", estimate = difference(d), t(shares(t, student(d, "CR0"))), patterns = nrow(index))
}

# ---------------------------------------------------------------- wild cluster bootstrap: a regression for each pattern of weights
wild <- function(d) {
  organisations <- unique(d$organisation)
  if (length(organisations) > 4 || student(d, "CR2") > 1e6) return(NULL)
  webb <- c(-sqrt(3 / 2), -1, -sqrt(1 / 2), sqrt(1 / 2), 1, sqrt(3 / 2))
  patterns <- as.matrix(expand.grid(rep(list(webb), length(organisations))))
  restricted <- lm(y ~ 1, data = d, weights = w)
  t <- apply(patterns, 1, function(v) {
    e <- d
    e$y <- fitted(restricted) + residuals(restricted) * v[match(d$organisation, organisations)]
    student(e, "CR2")
  })
  data.frame(method = "wild_cluster_bootstrap", estimate = difference(d), p_value = mean(at_least(t, student(d, "CR2"))),
             # Weights all alike multiply every residual by one number, so that t stays: p cannot be less than their share.
             p_floor = mean(apply(patterns, 1, function(v) all(v == v[1]))), patterns = nrow(patterns))
}

expected <- list()
for (design in unique(persons$design)) for (outcome in c("score", "item", "meetings")) {
  if (outcome == "meetings" && !design %in% c("three", "four", "two_alliances")) next
  d <- persons[persons$design == design, ]
  # A count is a rate per year: the mean of count / years with years as weights.
  d$w <- if (outcome == "meetings") d$years else 1
  d$y <- d[[outcome]] / d$w
  for (method in list(sign_flip, permuted, wild)) {
    found <- method(d)
    if (!is.null(found)) expected[[length(expected) + 1]] <- data.frame(design, outcome, found)
  }
}
write_reference(persons, "persons")
write_reference(do.call(rbind, expected), "enumerated")

# ---------------------------------------------------------------- one person per organisation and wave: other programs' exact tests
single <- list(); programs <- list()
for (n in c(4, 7, 10, 12)) {
  before <- sample(1:5, n, replace = TRUE)
  after <- pmin(9, pmax(1, before + sample(-1:3, n, replace = TRUE)))
  design <- paste0("pairs_", n)
  single[[design]] <- data.frame(design, organisation = rep(paste0("org_", letters[1:n]), 2), is_after = rep(0:1, each = n), y = c(before, after))
  programs[[design]] <- data.frame(design, program = "exactRankTests perm.test paired", p_value = perm.test(after, before, paired = TRUE, exact = TRUE)$p.value)
}
for (n in c(3, 5, 6)) {
  design <- paste0("halves_", n)
  y <- c(sample(1:6, n, replace = TRUE), sample(2:9, n, replace = TRUE))
  single[[design]] <- data.frame(design, organisation = paste0("org_", letters[1:(2 * n)]), is_after = rep(0:1, each = n), y)
  d <- single[[design]]
  d$wave <- factor(d$is_after)
  programs[[design]] <- data.frame(design, program = "coin oneway_test exact", p_value = as.numeric(pvalue(oneway_test(y ~ wave, data = d, distribution = "exact"))))
}
write_reference(do.call(rbind, single), "single_persons")
write_reference(do.call(rbind, programs), "programs")

packages <- c("clubSandwich", "coin", "exactRankTests")
versions <- data.frame(program = c("R", packages), version = c(as.character(getRversion()), vapply(packages, function(p) as.character(packageVersion(p)), "")))
write.csv(versions, file.path(out, "versions.csv"), row.names = FALSE, quote = FALSE, eol = "\n")
