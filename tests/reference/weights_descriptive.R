# Reference values for midterm.measure.weights and midterm.compare.descriptive, by survey and clubSandwich.
#
# Run from the repository's root:  Rscript tests/reference/weights_descriptive.R
# Writes tests/reference/weights_descriptive/*.csv: made-up inputs, drawn here with a fixed seed, expected values and versions.csv.

suppressPackageStartupMessages({
  library(clubSandwich)
  library(survey)
})
options(survey.lonely.psu = "adjust")

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)[1]))
source(file.path(here, "write.R"))
out <- folder_of("weights_descriptive")

likert <- function(n, centre) pmin(5, pmax(1, round(rnorm(n, centre, 1))))

set.seed(20250601)

# ---------------------------------------------------------------- two waves of organisations with known numbers of people
# One row per organisation: people and answers in the first wave, people and answers in the last; NA where it is not on the list.
designs <- list(
  sampled            = list(c(12, 5, 14, 6), c(30, 8, 28, 9), c(9, 4, 9, 7), c(20, 11, 25, 6)),
  three_small        = list(c(6, 3, 6, 4), c(5, 2, 7, 3), c(8, 4, 8, 2)),
  eight_uneven       = list(c(40, 4, 42, 15), c(10, 8, 11, 3), c(25, 6, 20, 5), c(7, 5, 7, 6), c(15, 2, 15, 9), c(60, 9, 55, 7), c(5, 4, 6, 2), c(18, 3, 18, 10)),
  census             = list(c(4, 4, 5, 5), c(3, 3, 3, 3), c(6, 6, 4, 4)),
  census_first       = list(c(4, 4, 9, 5), c(3, 3, 6, 3), c(6, 6, 8, 4)),
  one_complete       = list(c(7, 7, 7, 7), c(14, 5, 15, 6), c(11, 3, 12, 8)),
  lonely             = list(c(6, 1, 7, 3), c(12, 5, 12, 1), c(10, 4, 11, 6)),
  lonely_of_one      = list(c(1, 1, 1, 1), c(12, 5, 13, 6), c(9, 3, 8, 4)),
  without_answers    = list(c(10, 4, 11, 5), c(8, 0, 8, 3), c(15, 6, 14, 7), c(6, 3, 7, 0)),
  leaver_and_entrant = list(c(10, 4, NA, 0), c(NA, 0, 9, 5), c(15, 6, 14, 7), c(12, 5, 12, 4)),
  one_organisation   = list(c(25, 9, 27, 11)),
  nearly_even        = list(c(20, 10, 22, 11), c(10, 5, 12, 6), c(30, 16, 28, 13)),
  one_hard_to_reach  = list(c(90, 3, 80, 4), c(12, 9, 12, 8), c(10, 8, 11, 9), c(14, 10, 13, 9), c(8, 6, 9, 7))
)

drawn <- lapply(names(designs), function(design) {
  rows <- lapply(seq_along(designs[[design]]), function(g) {
    d <- designs[[design]][[g]]
    organisation <- paste0("org_", letters[g])
    first <- sprintf("%s_%02d", letters[g], seq_len(d[2]))
    last <- sprintf("%s_%02d", letters[g], sample(1:60, d[4]))
    lean <- rnorm(1, 0, 0.5)
    persons <- data.frame(design = rep(design, d[2] + d[4]), wave = rep(c("first", "last"), c(d[2], d[4])),
                          organisation = rep(organisation, d[2] + d[4]), person = c(first, last))
    n <- nrow(persons)
    persons$score <- (likert(n, 3.2 + lean) + likert(n, 3.2 + lean + 0.3 * (persons$wave == "last")) + likert(n, 3)) / 3
    persons$gapped <- ifelse(runif(n) < 0.2, NA, persons$score)
    persons$has <- as.numeric(runif(n) < 0.4 + 0.2 * (persons$wave == "last"))
    persons$events <- as.numeric(rpois(n, 2 + lean))
    persons$events_exposure <- round(runif(n, 0.5, 3), 2)
    list(persons = persons, people = data.frame(design, wave = c("first", "last"), organisation, population = d[c(1, 3)]))
  })
  persons <- do.call(rbind, lapply(rows, `[[`, "persons"))
  list(persons = persons[sample(nrow(persons)), ], people = do.call(rbind, lapply(rows, `[[`, "people")))
})
persons <- do.call(rbind, lapply(drawn, `[[`, "persons"))
people <- do.call(rbind, lapply(drawn, `[[`, "people"))
people <- people[!is.na(people$population), ]
write_reference(persons, "persons")
write_reference(people, "people")

of_design <- function(design, outcome) {
  d <- merge(persons[persons$design == design & !is.na(persons[[outcome]]), ], people, by = c("design", "wave", "organisation"))
  d$y <- d[[outcome]]
  d$t <- if (outcome == "events") d$events_exposure else 1
  d$stratum <- interaction(d$wave, d$organisation, drop = TRUE)
  d
}
outcomes <- c("score", "gapped", "has", "events")

# ---------------------------------------------------------------- descriptive: strata of organisation and wave, fpc
row_of <- function(estimate, variance, df, level) {
  error <- sqrt(variance)
  data.frame(level, estimate, std_error = error, df, ci_low = estimate - qt(0.5 + level / 2, df) * error, ci_high = estimate + qt(0.5 + level / 2, df) * error)
}
described <- list()
for (design in names(designs)) for (outcome in outcomes) {
  d <- of_design(design, outcome)
  sample <- svydesign(ids = ~1, strata = ~stratum, fpc = ~population, data = d)
  by_wave <- if (outcome == "events") svyby(~y, ~wave, sample, svyratio, denominator = ~t, covmat = TRUE) else svyby(~y, ~wave, sample, svymean, covmat = TRUE)
  change <- svycontrast(by_wave, setNames(c(-1, 1), names(coef(by_wave))))
  for (level in c(0.95, 0.90)) described[[length(described) + 1]] <- data.frame(design, outcome, quantity = "change", row_of(as.numeric(coef(change)), as.numeric(vcov(change)), degf(sample), level))
  for (wave in c("first", "last")) {
    one <- svydesign(ids = ~1, strata = ~organisation, fpc = ~population, data = d[d$wave == wave, ])
    mean <- if (outcome == "events") svyratio(~y, ~t, one) else svymean(~y, one)
    described[[length(described) + 1]] <- data.frame(design, outcome, quantity = wave, row_of(as.numeric(coef(mean)), as.numeric(vcov(mean)), degf(one), 0.95))
  }
}
write_reference(do.call(rbind, described), "descriptive")

# ---------------------------------------------------------------- raked change: rake to people per organisation, cap, weighted CR2
cut_to <- function(weights) pmin(weights, 3 * median(weights))
raked_to <- function(d) {
  totals <- unique(d[c("organisation", "population")])
  names(totals)[2] <- "Freq"
  w <- weights(rake(svydesign(ids = ~1, weights = ~1, data = d), list(~organisation), list(totals), control = list(maxit = 1000, epsilon = 1e-13)))
  # One margin: raking what was cut brings back the same weights, so the cap has the last word.
  w <- cut_to(w)
  w / mean(w)
}
changes <- list()
for (design in setdiff(names(designs), "one_organisation")) for (outcome in outcomes) {
  d <- of_design(design, outcome)
  rates <- lapply(split(d, d$wave), function(one) tapply(one$y, one$organisation, length) / tapply(one$population, one$organisation, max))
  d$w <- 1
  is_raked <- any(vapply(rates, function(r) max(r) / min(r), 0) > 1.25)
  if (is_raked) for (wave in c("first", "last")) d$w[d$wave == wave] <- raked_to(d[d$wave == wave, ])
  d$is_last <- as.numeric(d$wave == "last")
  d$z <- d$y / d$t
  d$v <- d$w * d$t
  # Two ways to CR2 with weights: of the weighted regression, and of the same regression multiplied by sqrt(w). The matrix roots in
  # them coincide where all persons of an organisation in a wave weigh the same (checked below), and differ in the small-sample
  # correction only where they do not, as with exposures. The closed form takes the second, which is the reference for counts.
  by_weights <- lm(z ~ is_last, data = d, weights = v)
  by_roots <- lm(I(sqrt(v) * z) ~ 0 + I(sqrt(v)) + I(sqrt(v) * is_last), data = d)
  tests <- lapply(list(by_weights, by_roots), function(fit) {
    is_weighted <- !is.null(fit$weights)
    covariance <- if (is_weighted) vcovCR(fit, cluster = d$organisation, type = "CR2", inverse_var = TRUE) else vcovCR(fit, cluster = d$organisation, type = "CR2")
    name <- names(coef(fit))[2]
    list(test = coef_test(fit, vcov = covariance, test = "Satterthwaite", coefs = name), interval = conf_int(fit, vcov = covariance, level = 0.95, test = "Satterthwaite", coefs = name))
  })
  if (outcome != "events") stopifnot(all.equal(tests[[1]]$test$SE, tests[[2]]$test$SE, tolerance = 1e-9), all.equal(tests[[1]]$test$df_Satt, tests[[2]]$test$df_Satt, tolerance = 1e-9))
  used <- tests[[if (outcome == "events") 2 else 1]]
  test <- used$test
  interval <- used$interval
  changes[[length(changes) + 1]] <- data.frame(design, outcome, is_raked, kish_effect = nrow(d) * sum(d$w^2) / sum(d$w)^2, estimate = test$beta, std_error = test$SE,
                                               df = test$df_Satt, p_value = test$p_Satt, ci_low = interval$CI_L, ci_high = interval$CI_U,
                                               std_error_weighted = tests[[1]]$test$SE, df_weighted = tests[[1]]$test$df_Satt)
}
write_reference(do.call(rbind, changes), "raked_change")

# ---------------------------------------------------------------- raking to several margins
cases <- list(
  two_margins      = list(n = 60, base = function(n) rep(1, n), margins = list(c(30, 55, 40, 25), c(70, 50, 30))),
  three_margins    = list(n = 120, base = function(n) round(runif(n, 0.5, 2), 2), margins = list(c(130, 170, 100), c(220, 180), c(100, 120, 80, 100))),
  cap_and_totals   = list(n = 80, base = function(n) round(runif(n, 0.5, 2), 2), margins = list(c(300, 120, 60, 20), c(250, 150, 100))),
  base_capped      = list(n = 50, base = function(n) c(rep(1, n - 3), 9, 30, 4), margins = list(c(90, 60, 50), c(110, 90))),
  capped           = list(n = 90, base = function(n) round(rexp(n, 1) + 0.1, 2), margins = list(c(500, 200, 150, 150), c(400, 600)))
)
raking <- list()
for (case in names(cases)) {
  spec <- cases[[case]]
  d <- data.frame(case, person = seq_len(spec$n), base = spec$base(spec$n))
  for (m in seq_along(spec$margins)) d[[paste0("margin_", m)]] <- sample(c(seq_along(spec$margins[[m]]), sample(seq_along(spec$margins[[m]]), spec$n - length(spec$margins[[m]]), replace = TRUE)))
  formulas <- lapply(seq_along(spec$margins), function(m) as.formula(paste0("~margin_", m)))
  totals <- lapply(seq_along(spec$margins), function(m) setNames(data.frame(seq_along(spec$margins[[m]]), spec$margins[[m]]), c(paste0("margin_", m), "Freq")))
  by_survey <- function(w) {
    d$w <- w
    weights(rake(svydesign(ids = ~1, weights = ~w, data = d), formulas, totals, control = list(maxit = 10000, epsilon = 1e-13)))
  }
  d$uncapped <- by_survey(d$base)
  w <- by_survey(cut_to(d$base))
  ever_cut <- d$base > 3 * median(d$base) * (1 + 1e-6)
  trims <- 0
  while (any(w > 3 * median(w) * (1 + 1e-6)) && trims < 100) {
    ever_cut <- ever_cut | w > 3 * median(w) * (1 + 1e-6)
    w <- by_survey(cut_to(w))
    trims <- trims + 1
  }
  # Where cap and totals cannot both hold, the cap has the last word; everyone is scaled alike to the sum.
  d$is_met <- max(w) <= 3 * median(w) * (1 + 1e-6)
  d$capped <- if (d$is_met[1]) w else cut_to(w) * sum(w) / sum(cut_to(w))
  d$ever_cut <- ever_cut | w > 3 * median(w) * (1 + 1e-6)
  # Who is cut first, by survey itself: trimWeights puts exactly these on the cap (and gives what was cut to all others in equal parts).
  by_trim <- weights(trimWeights(svydesign(ids = ~1, weights = ~base, data = d), upper = 3 * median(d$base)))
  d$is_cut <- d$base > 3 * median(d$base)
  stopifnot(!any(d$is_cut) || all(by_trim[d$is_cut] == 3 * median(d$base)))
  d$trims <- trims
  for (m in 1:3) if (m > length(spec$margins)) d[[paste0("margin_", m)]] <- NA
  raking[[case]] <- d[c("case", "person", "base", "margin_1", "margin_2", "margin_3", "uncapped", "is_cut", "ever_cut", "capped", "trims", "is_met")]
}
write_reference(do.call(rbind, raking), "raking")
write_reference(do.call(rbind, lapply(names(cases), function(case) do.call(rbind, lapply(seq_along(cases[[case]]$margins), function(m)
  data.frame(case, margin = m, category = seq_along(cases[[case]]$margins[[m]]), total = cases[[case]]$margins[[m]]))))), "totals")

# ---------------------------------------------------------------- versions
packages <- c("clubSandwich", "survey")
versions <- data.frame(program = c("R", packages), version = c(as.character(getRversion()), vapply(packages, function(p) as.character(packageVersion(p)), "")))
write.csv(versions, file.path(out, "versions.csv"), row.names = FALSE, quote = FALSE, eol = "\n")
