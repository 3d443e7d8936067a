# The shipped example's tables, recomputed from the raw files by another program (double programming).
#
# Run from the repository's root:  Rscript tests/reference/example.R
# Reads evaluation.yml, config/ and data/raw/ (synthetic), writes tests/golden/{response,indicators,change,descriptive,attainment}.csv.
# Written from the contract and the analysis plan, without looking at the Python that reads, cleans and counts.

suppressPackageStartupMessages({
  library(clubSandwich)
  library(metafor)
  library(psych)
  library(readxl)
  library(survey)
})
invisible(Sys.setlocale("LC_ALL", "C.UTF-8"))

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)[1]))
root <- file.path(here, "..", "..")
golden <- file.path(here, "..", "golden")
dir.create(golden, showWarnings = FALSE)

write_golden <- function(frame, name, keys) {
  frame <- frame[do.call(order, c(unname(as.list(frame[keys])), method = "radix")), ]
  numbers <- vapply(frame, is.double, logical(1))
  frame[numbers] <- lapply(frame[numbers], function(x) ifelse(is.finite(x), trimws(formatC(x, digits = 10, format = "g")), ""))
  write.csv(frame, file.path(golden, paste0(name, ".csv")), row.names = FALSE, quote = FALSE, na = "", eol = "\n")
}

# ---------------------------------------------------------------- names
# NFKC for what Latin names may hold: a letter followed by a combining mark, and the many spaces.
composed <- c("o\u0308" = "\u00f6", "e\u0308" = "\u00eb", "i\u0308" = "\u00ef", "u\u0308" = "\u00fc", "a\u0308" = "\u00e4",
              "e\u0301" = "\u00e9", "e\u0300" = "\u00e8", "a\u0301" = "\u00e1", "o\u0301" = "\u00f3", "i\u0301" = "\u00ed")
same_name <- function(x) {
  x <- gsub("[\u00a0\u2007\u2009\u200a\u202f\u3000\t]", " ", tolower(enc2utf8(x)))
  for (pair in names(composed)) x <- gsub(pair, composed[[pair]], x, fixed = TRUE)
  gsub(" +", " ", gsub("^ +| +$", "", x))
}
matched <- function(x, ids, what) {
  found <- unname(ids[match(same_name(x), names(ids))])
  if (anyNA(found)) stop(what, " not known: ", paste(unique(x[is.na(found)]), collapse = ", "))
  found
}

# ---------------------------------------------------------------- description (the few keys that are needed)
entries <- function(file, section) {
  lines <- readLines(file.path(root, file), encoding = "UTF-8", warn = FALSE)
  from <- grep(paste0("^", section, ":"), lines)
  to <- min(c(grep("^[a-z]", lines)[grep("^[a-z]", lines) > from], length(lines) + 1)) - 1
  body <- lines[from:to]
  starts <- grep("^  - ", body)
  vapply(seq_along(starts), function(i) paste(body[starts[i]:(c(starts, length(body) + 1)[i + 1] - 1)], collapse = "\n"), "")
}
key <- function(text, name) {
  # The line with "changes" holds what differed in one wave: never a key of the item itself.
  text <- sub("\n    changes:.*", "", text)
  hit <- regmatches(text, regexec(paste0("(?:^|[ {,\n-])", name, ": *(\"[^\"]*\"|\\[[^]]*\\]|[^,}\n]*)"), text, perl = TRUE))
  vapply(hit, function(h) if (length(h) == 2) gsub("^\"|\"$", "", trimws(h[2])) else NA_character_, "")
}
list_of <- function(text) lapply(strsplit(gsub("[][\"]", "", text), ","), function(x) trimws(x[!is.na(x)]))

alliance_text <- entries("evaluation.yml", "alliances")
organisation_text <- entries("evaluation.yml", "organisations")
alliances <- key(alliance_text, "id")
aliases <- list_of(key(alliance_text, "aliases"))
alliance_ids <- c(setNames(alliances, same_name(key(alliance_text, "name"))), setNames(alliances, alliances),
                  setNames(rep(alliances, lengths(aliases)), same_name(unlist(aliases))))
organisation_ids <- setNames(key(organisation_text, "id"), same_name(key(organisation_text, "name")))

item_text <- entries("config/codebook.yml", "items")
items <- data.frame(item = key(item_text, "id"), scale = key(item_text, "scale"), page = as.integer(key(item_text, "page")),
                    column = key(item_text, "column"), is_reversed = key(item_text, "reversed") %in% "true")
unit_kinds <- local({
  text <- readLines(file.path(root, "config/codebook.yml"), encoding = "UTF-8", warn = FALSE)
  text <- grep("kind: (count|percentage|score|amount)", text, value = TRUE)
  spellings <- c(setNames(key(text, "kind"), same_name(key(text, "nl"))), setNames(key(text, "kind"), same_name(key(text, "en"))))
  c(spellings, "%" = "percentage")
})
indicator_text <- entries("config/indicators.yml", "indicators")
indicators <- data.frame(indicator = key(indicator_text, "id"), statistic = ifelse(is.na(key(indicator_text, "statistic")), "mean", key(indicator_text, "statistic")),
                         at_least = as.numeric(key(indicator_text, "at_least")), margin = as.numeric(key(indicator_text, "margin")))
indicators$items <- list_of(key(indicator_text, "items"))
primary <- local({
  lines <- readLines(file.path(root, "evaluation.yml"), warn = FALSE)
  list_of(key(grep("^  primary:", lines, value = TRUE), "primary"))[[1]]
})
waves <- c("2023", "2024", "2025")
from_wave <- "2023"
to_wave <- "2025"
stopifnot(length(alliances) == 8, nrow(items) == 33, !anyNA(items), sum(items$is_reversed) == 2, nrow(indicators) == 20, !anyNA(indicators$margin),
          all(unlist(indicators$items) %in% items$item), identical(primary, c("cooperation", "efficiency", "capacity", "incident_share")))

# ---------------------------------------------------------------- survey: one row per person, alliance and wave
values_of <- function(raw, item, last_page, is_complete) {
  is_reached <- is_complete | item$page <= last_page
  if (item$scale == "agree") {
    stopifnot(all(raw %in% c("", "A9", paste0("A", 1:5))))
    value <- match(raw, paste0("A", 1:5))
    if (item$is_reversed) value <- 6 - value
  } else if (item$scale == "incidents") {
    stopifnot(all(grepl("^[0-9]*$", raw)))
    value <- as.numeric(raw)
    stopifnot(all(value >= 0 & value <= 50, na.rm = TRUE))
  } else {
    stopifnot(item$scale == "selected", all(raw %in% c("", "Y", "N")))
    value <- as.numeric(raw == "Y")
  }
  ifelse(is_reached, value, NA)
}

read_wave <- function(wave) {
  raw <- read.csv(file.path(root, sprintf("data/raw/survey/results-survey-%s.csv", wave)), colClasses = "character", check.names = FALSE,
                  na.strings = character(0), fileEncoding = "UTF-8-BOM", encoding = "UTF-8")
  stopifnot(all(raw$HERKOMST == "Synthetisch / synthetic"))
  is_complete <- raw$submitdate != ""
  is_linked <- raw$DEELCODE != ""
  persons <- data.frame(wave, alliance = matched(raw$ALLIANTIE, alliance_ids, "alliance"),
                        organisation = matched(raw$ORGANISATIE, organisation_ids, "organisation"),
                        person = ifelse(is_linked, paste0("code ", raw$DEELCODE), paste("record", wave, raw$id)), is_linked, is_complete)
  for (i in seq_len(nrow(items))) persons[[items$item[i]]] <- values_of(raw[[items$column[i]]], items[i, ], as.integer(raw$lastpage), is_complete)
  persons$is_usable <- rowSums(!is.na(persons[items$item])) >= nrow(items) / 2
  persons
}

score <- function(persons, indicator) {
  answers <- as.matrix(persons[indicator$items[[1]]])
  value <- ifelse(3 * rowSums(!is.na(answers)) >= 2 * ncol(answers), rowMeans(answers, na.rm = TRUE), NA)
  if (indicator$statistic == "share") value <- as.numeric(value >= indicator$at_least)
  value
}

memberships <- do.call(rbind, lapply(waves, read_wave))
stopifnot(!anyDuplicated(memberships[c("wave", "alliance", "person")]))
for (i in seq_len(nrow(indicators))) memberships[[paste0("score_", indicators$indicator[i])]] <- score(memberships, indicators[i, ])
usable <- memberships[memberships$is_usable, ]

mean_or_na <- function(x) if (all(is.na(x))) NA_real_ else mean(x, na.rm = TRUE)
measures <- c(items$item, grep("^score_", names(memberships), value = TRUE))
once <- do.call(rbind, lapply(split(usable, paste(usable$wave, usable$person)), function(d) {
  stopifnot(length(unique(d$organisation)) == 1)
  d[1, measures] <- lapply(d[measures], mean_or_na)
  d$alliance[1] <- "all"
  d[1, ]
}))
respondents <- rbind(usable, once)

# ---------------------------------------------------------------- response
population <- read.csv(file.path(root, "data/raw/population.csv"), colClasses = c(wave = "character"), encoding = "UTF-8")
stopifnot(all(population$alliance %in% alliances), all(population$organisation %in% organisation_ids))
response <- do.call(rbind, lapply(c(alliances, "all"), function(alliance) do.call(rbind, lapply(waves, function(wave) {
  is_here <- function(d) d$wave == wave & (alliance == "all" | d$alliance == alliance)
  d <- memberships[is_here(memberships), ]
  complete <- unique(d$person[d$is_complete])
  n_usable <- length(unique(d$person[d$is_usable]))
  invited <- sum(population$invited[is_here(population)])
  data.frame(alliance, wave, population = sum(population$population[is_here(population)]), invited, complete = length(complete),
             partial = length(setdiff(d$person, complete)), usable = n_usable, rate = n_usable / invited)
}))))
write_golden(response, "response", c("alliance", "wave"))

# ---------------------------------------------------------------- CR2
NOTHING <- list(estimate = NA_real_, std_error = NA_real_, df = NA_real_, p_value = NA_real_, ci_low = NA_real_, ci_high = NA_real_)
cr2 <- function(formula, d, coefficient, is_count = FALSE) {
  # A count is a rate per person (exposure 1): Poisson with identity link, so that the change is a difference of rates.
  fit <- if (is_count) glm(formula, data = d, family = poisson(link = "identity"), start = c(mean(d$y) + 0.1, 0), control = glm.control(epsilon = 1e-14, maxit = 200)) else lm(formula, data = d)
  result <- NOTHING
  result$estimate <- unname(coef(fit)[coefficient])
  if (length(unique(d$organisation)) < 2 || max(abs(residuals(fit, "response"))) < 1e-10) return(result)
  v <- vcovCR(fit, cluster = d$organisation, type = "CR2")
  test <- suppressWarnings(coef_test(fit, vcov = v, test = "Satterthwaite", coefs = coefficient))
  if (!is.finite(test$SE) || test$SE < 1e-10) return(result)
  half <- qt(.975, test$df_Satt) * test$SE
  list(estimate = test$beta, std_error = test$SE, df = test$df_Satt, p_value = test$p_Satt, ci_low = test$beta - half, ci_high = test$beta + half)
}

share_interval <- function(p, fit, n, n_organisations) {
  is_known <- is.finite(fit$std_error)
  size <- if (is_known) min(n, p * (1 - p) / fit$std_error^2 * (qt(.975, n - 1) / qt(.975, fit$df))^2) else n_organisations
  # All or none: no variance to judge by, organisations stand in. The same share in every organisation: error 0, so the cap, n.
  if (!is_known && n_organisations > 1 && p > 1e-12 && p < 1 - 1e-12) size <- n
  low <- if (p < 1e-12) 0 else qbeta(.025, size * p, size * (1 - p) + 1)
  high <- if (p > 1 - 1e-12) 1 else qbeta(.975, size * p + 1, size * (1 - p))
  c(low, high)
}

# ---------------------------------------------------------------- indicators
one_indicator <- function(alliance, wave, indicator) {
  d <- respondents[respondents$alliance == alliance & respondents$wave == wave, ]
  d$y <- d[[paste0("score_", indicator$indicator)]]
  n_missing <- sum(is.na(d$y))
  d <- d[!is.na(d$y), ]
  n_organisations <- length(unique(d$organisation))
  fit <- if (nrow(d)) cr2(y ~ 1, d, "(Intercept)") else NOTHING
  interval <- c(fit$ci_low, fit$ci_high)
  if (indicator$statistic == "share" && nrow(d)) interval <- share_interval(mean(d$y), fit, nrow(d), n_organisations)
  data.frame(alliance, wave, indicator = indicator$indicator, statistic = indicator$statistic, estimate = fit$estimate, std_error = fit$std_error,
             ci_low = interval[1], ci_high = interval[2], n = nrow(d), n_organisations, n_missing)
}

one_alpha <- function(wave, indicator) {
  d <- respondents[respondents$alliance == "all" & respondents$wave == wave, ]
  answers <- d[indicator$items[[1]]]
  is_whole <- stats::complete.cases(answers)
  answers <- answers[is_whole, ]
  point <- suppressWarnings(suppressMessages(psych::alpha(answers, check.keys = FALSE, warnings = FALSE)))$total$raw_alpha
  interval <- alpha.ci(point, n.obs = nrow(answers), n.var = ncol(answers))
  data.frame(alliance = "all", wave, indicator = indicator$indicator, statistic = "alpha", estimate = point, std_error = NA_real_,
             ci_low = interval$lower.ci, ci_high = interval$upper.ci, n = nrow(answers), n_organisations = length(unique(d$organisation[is_whole])),
             n_missing = sum(!is_whole))
}

each <- seq_len(nrow(indicators))
statistics <- do.call(rbind, lapply(each, function(i) do.call(rbind, lapply(waves, function(wave) {
  rows <- do.call(rbind, lapply(c(alliances, "all"), one_indicator, wave = wave, indicator = indicators[i, ]))
  if (length(indicators$items[[i]]) >= 2) rows <- rbind(rows, one_alpha(wave, indicators[i, ]))
  rows
}))))

# ---------------------------------------------------------------- change
with_tests <- function(row, margin, groups) {
  worse <- pt((row$estimate + margin) / row$std_error, row$df, lower.tail = FALSE)
  better <- pt((row$estimate - margin) / row$std_error, row$df)
  row$equivalence_p <- pmax(worse, better)
  row$minimal_detectable <- if (groups > 1) (qt(.975, groups - 1) + qt(.80, groups - 1)) * row$std_error else NA_real_
  row
}

one_change <- function(alliance, indicator) {
  d <- respondents[respondents$alliance == alliance & respondents$wave %in% c(from_wave, to_wave), ]
  d$y <- d[[paste0("score_", indicator$indicator)]]
  d <- d[!is.na(d$y), ]
  d$is_last <- as.numeric(d$wave == to_wave)
  first <- d[d$is_last == 0, ]
  last <- d[d$is_last == 1, ]
  groups <- length(intersect(first$organisation, last$organisation))
  fit <- if (nrow(first) && nrow(last)) cr2(y ~ is_last, d, "is_last", indicator$statistic == "count") else NOTHING
  row <- data.frame(alliance, indicator = indicator$indicator, from_wave, to_wave, n_from = nrow(first), n_to = nrow(last),
                    n_paired = length(intersect(first$person, last$person)), n_organisations = groups, fit)
  row$is_described <- groups <= 3 || min(nrow(first), nrow(last)) < 8
  with_tests(row, indicator$margin, groups)
}

one_average <- function(rows, margin) {
  rows$shrunken <- NA_real_
  is_used <- rows$alliance != "all" & !rows$is_described & is.finite(rows$std_error)
  k <- sum(is_used)
  if (k < 2) return(rows)
  fit <- rma(yi = rows$estimate[is_used], sei = rows$std_error[is_used], method = "REML", test = "adhoc", control = list(stepadj = 0.5, threshold = 1e-13, maxiter = 10000))
  if (k >= 5) rows$shrunken[is_used] <- blup(fit)$pred
  average <- data.frame(alliance = "average", indicator = rows$indicator[1], from_wave, to_wave, n_from = NA, n_to = NA, n_paired = NA, n_organisations = k,
                        estimate = as.numeric(fit$beta), std_error = fit$se, df = as.numeric(fit$ddf), p_value = fit$pval, ci_low = fit$ci.lb, ci_high = fit$ci.ub,
                        is_described = FALSE)
  rbind(rows, cbind(with_tests(average, margin, k), shrunken = NA_real_))
}

changes <- do.call(rbind, lapply(each, function(i) {
  one_average(do.call(rbind, lapply(c(alliances, "all"), one_change, indicator = indicators[i, ])), indicators$margin[i])
}))
changes$p_adjusted <- NA_real_
for (alliance in unique(changes$alliance)) for (is_primary in c(TRUE, FALSE)) {
  is_tested <- changes$alliance == alliance & !changes$is_described & is.finite(changes$p_value) & (changes$indicator %in% primary) == is_primary
  changes$p_adjusted[is_tested] <- p.adjust(changes$p_value[is_tested], if (is_primary) "holm" else "BH")
}
columns <- c("alliance", "indicator", "from_wave", "to_wave", "n_from", "n_to", "n_paired", "n_organisations", "estimate", "std_error", "df", "p_value",
             "ci_low", "ci_high", "equivalence_p", "minimal_detectable", "p_adjusted", "shrunken")
write_golden(changes[columns], "change", c("alliance", "indicator"))

# ---------------------------------------------------------------- the people there were: finite population, organisations as strata
options(survey.lonely.psu = "adjust")
staff <- function(alliance, wave) {
  d <- population[population$wave == wave & (alliance == "all" | population$alliance == alliance), ]
  tapply(d$population, matched(d$organisation, c(organisation_ids, setNames(unname(organisation_ids), organisation_ids)), "organisation"), sum)
}

one_described <- function(alliance, indicator) {
  means <- lapply(c(from_wave, to_wave), function(wave) {
    d <- respondents[respondents$alliance == alliance & respondents$wave == wave, ]
    d$y <- d[[paste0("score_", indicator$indicator)]]
    d <- d[!is.na(d$y), ]
    if (!nrow(d)) return(NULL)
    d$people <- as.numeric(staff(alliance, wave)[d$organisation])
    sizes <- table(d$organisation)
    if (anyNA(d$people) || any(d$people < sizes[d$organisation])) return(NULL)
    d$weight <- d$people / as.numeric(sizes[d$organisation])
    design <- svydesign(ids = ~1, strata = ~organisation, weights = ~weight, fpc = ~people, data = d)
    list(mean = as.numeric(svymean(~y, design)), error = as.numeric(SE(svymean(~y, design))), df = nrow(d) - length(sizes))
  })
  if (any(lengths(means) == 0)) return(NULL)
  error <- sqrt(means[[1]]$error^2 + means[[2]]$error^2)
  estimate <- means[[2]]$mean - means[[1]]$mean
  df <- means[[1]]$df + means[[2]]$df
  data.frame(alliance, indicator = indicator$indicator, estimate, std_error = error, df, ci_low = estimate - qt(.975, df) * error, ci_high = estimate + qt(.975, df) * error)
}
described <- do.call(rbind, lapply(each, function(i) do.call(rbind, lapply(c(alliances, "all"), one_described, indicator = indicators[i, ]))))
write_golden(described, "descriptive", c("alliance", "indicator"))

# ---------------------------------------------------------------- attainment
number_of <- function(cell) {
  if (is.null(cell) || length(cell) == 0 || is.na(cell)) return(NA_real_)
  if (is.numeric(cell)) return(as.numeric(cell))
  text <- sub(" *%$", "", same_name(cell))
  if (grepl("^-?[0-9]{1,3}([.][0-9]{3})+(,[0-9]+)?$", text)) text <- gsub(".", "", text, fixed = TRUE) # typed the Dutch way: 1.250
  text <- sub(",", ".", text, fixed = TRUE)
  if (!grepl("^-?[0-9]+([.][0-9]+)?$", text)) stop("not a number: ", cell)
  as.numeric(text)
}

status_of <- function(actual, baseline, target, expected, direction) {
  if (is.na(actual) || is.na(baseline) || is.na(target) || is.na(expected)) return("not_computable")
  if (baseline == target) return(if ((direction == "up" && actual >= target) || (direction == "down" && actual <= target)) "maintained" else "off_track")
  reached <- (actual - baseline) / (target - baseline) + 1e-12 # .6 of the way is .6 of the way, whatever the last bit says
  if (reached >= 1) "reached" else if (reached >= expected) "on_track" else if (reached >= .9 * expected) "uncertain" else "off_track"
}

one_workbook <- function(alliance) {
  file <- file.path(root, sprintf("data/raw/frameworks/%s.xlsx", alliance))
  sheet <- intersect(c("Kader", "Framework"), excel_sheets(file))
  cells <- suppressMessages(as.data.frame(read_excel(file, sheet = sheet, col_names = FALSE, col_types = "list", .name_repair = "minimal")))
  names(cells) <- NULL
  texts <- sapply(cells, function(column) vapply(column, function(cell) if (is.null(cell) || is.na(cell)) "" else as.character(cell), ""))
  head_row <- which(same_name(texts[, 1]) %in% c("nr", "no."))
  headings <- same_name(texts[head_row, ])
  at <- function(...) { column <- which(headings %in% c(...)); stopifnot(length(column) == 1); column }
  year_columns <- grep("^(realisatie|actual) [0-9]{4}$", headings)
  years <- as.integer(sub(".* ", "", headings[year_columns]))
  stopifnot(length(head_row) == 1, identical(years, 2023:2025))
  rows <- which(seq_len(nrow(texts)) > head_row & texts[, 1] != "")
  do.call(rbind, lapply(rows, function(row) {
    value <- function(...) number_of(cells[[at(...)]][[row]])
    word <- function(...) same_name(texts[row, at(...)])
    baseline <- value("nulmeting", "baseline")
    target <- value("streefwaarde", "target")
    baseline_year <- value("jaar nulmeting", "baseline year")
    target_year <- value("jaar streefwaarde", "target year")
    kind <- matched(word("eenheid", "unit"), unit_kinds, "unit")
    reporting <- matched(word("wijze van rapporteren", "reporting"), c("per jaar" = "annual", annual = "annual", cumulatief = "cumulative", cumulative = "cumulative"), "reporting")
    direction <- matched(word("richting", "direction"), c("hoger is beter" = "up", "higher is better" = "up", "lager is beter" = "down", "lower is better" = "down"), "direction")
    actual <- vapply(year_columns, function(column) number_of(cells[[column]][[row]]), 0)
    if (reporting == "annual" && kind %in% c("count", "amount") && (if (is.na(baseline) || is.na(target)) direction != "down" else target > baseline)) {
      started <- cumsum(!is.na(actual)) > 0 # empty years before the first report: not started
      actual[started] <- cumsum(actual[started]) # a missing year after that leaves the later sums missing too
    }
    expected <- if (isTRUE(target_year > baseline_year)) pmin(1, (years - baseline_year) / (target_year - baseline_year)) else rep(NA_real_, length(years))
    attainment <- if (isTRUE(baseline != target)) (actual - baseline) / (target - baseline) else rep(NA_real_, length(years))
    data.frame(alliance, indicator_id = trimws(texts[row, 1]), year = years, baseline, target, actual, attainment, expected,
               status = mapply(status_of, actual, baseline, target, expected, direction))
  }))
}
# Targets of the survey: from the mean of the first wave, by even steps or a milestone; Fieller by its quadratic, status by the interval.
target_text <- regmatches(indicator_text, regexec("target: [{]value: ([0-9.]+), year: ([0-9]+)(, milestones: [{]([0-9]+): ([0-9.]+)[}])?[}]", indicator_text))

one_survey_target <- function(alliance, i, wave) {
  target <- as.numeric(target_text[[i]][2:3])
  milestone <- suppressWarnings(as.numeric(target_text[[i]][5:6]))
  start <- as.integer(from_wave)
  d <- respondents[respondents$alliance == alliance & respondents$wave %in% c(from_wave, wave), ]
  asked <- sum(d$wave == wave)
  d$y <- d[[paste0("score_", indicators$indicator[i])]]
  d <- d[!is.na(d$y), ]
  d$before <- as.numeric(d$wave == from_wave)
  d$after <- as.numeric(d$wave == wave)
  fit <- lm(y ~ 0 + before + after, data = d)
  v <- matrix(as.numeric(vcovCR(fit, cluster = d$organisation, type = "CR2")), 2)
  b <- unname(coef(fit)["before"]); a <- unname(coef(fit)["after"])
  way <- target[1] - b
  reached <- (a - b) / way
  df_of <- function(weights) linear_contrast(fit, vcov = vcovCR(fit, cluster = d$organisation, type = "CR2"), contrasts = matrix(weights, 1), test = "Satterthwaite")$df
  w <- c(reached - 1, 1)
  error <- sqrt(drop(t(w) %*% v %*% w))
  df <- df_of(w)
  q <- qt(.975, df)
  A <- way^2 - q^2 * v[1, 1]
  B <- (a - b) * way - q^2 * (v[1, 1] - v[1, 2])
  C <- (a - b)^2 - q^2 * (v[2, 2] - 2 * v[1, 2] + v[1, 1])
  ends <- if (A > 0) (B + c(-1, 1) * sqrt(B^2 - A * C)) / A else c(NA, NA)
  year <- as.integer(wave)
  # What the year asks for, as share x baseline + level.
  asked_for <- if (is.na(milestone[1])) c(1 - (year - start) / (target[2] - start), (year - start) / (target[2] - start) * target[1]) else
    if (year < milestone[1]) c(1 - (year - start) / (milestone[1] - start), (year - start) / (milestone[1] - start) * milestone[2]) else c(0, milestone[2])
  past <- function(ask) { # interval of the distance past what is asked, with the df of the attainment where that has ends
    s <- sqrt(drop(t(c(-ask[1], 1)) %*% v %*% c(-ask[1], 1)))
    f <- if (A > 0) df else df_of(c(-ask[1], 1))
    (a - ask[1] * b - ask[2]) + c(-1, 1) * qt(.975, f) * s
  }
  to_target <- past(c(0, target[1]))
  to_year <- past(asked_for)
  groups <- length(intersect(d$organisation[d$before == 1], d$organisation[d$after == 1]))
  n <- c(sum(d$before), sum(d$after))
  status <- if (groups <= 3 || min(n) < 8) "not_computable" else if (to_target[1] >= 0) "reached" else if (to_year[1] >= 0) "on_track" else
    if (to_year[2] < 0) "off_track" else "uncertain"
  expected <- if (is.na(milestone[1])) 1 - asked_for[1] else (asked_for[1] * b + asked_for[2] - b) / way
  if (b > target[1]) { # past the target already (both are to rise): there is no way to go, so no share of it
    reached <- error <- NA_real_
    ends <- c(NA_real_, NA_real_)
    if (!is.na(milestone[1])) expected <- NA_real_
  }
  error <- error / abs(way)
  list(attainment = data.frame(alliance, indicator_id = indicators$indicator[i], year, baseline = b, target = target[1], actual = a, attainment = reached,
                               expected, status),
       indicators = data.frame(alliance, wave, indicator = indicators$indicator[i], statistic = "attainment", estimate = reached, std_error = error,
                               ci_low = ends[1], ci_high = ends[2], n = n[2], n_organisations = groups, n_missing = asked - n[2]))
}
promised <- list()
for (i in which(lengths(target_text) > 0)) for (alliance in c(alliances, "all")) for (wave in setdiff(waves, from_wave)) promised <- c(promised, list(one_survey_target(alliance, i, wave)))
part <- function(name) do.call(rbind, lapply(promised, `[[`, name))
attainment <- rbind(do.call(rbind, lapply(alliances, one_workbook)), part("attainment"))
write_golden(attainment, "attainment", c("alliance", "indicator_id", "year"))
write_golden(rbind(statistics, part("indicators")), "indicators", c("alliance", "indicator", "wave", "statistic"))
