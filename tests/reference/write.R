# What the scripts of reference values share: a folder beside them for each, and numbers with 15 digits (empty where there is none).
# Sourced after `here`, the folder of the script, is known.

folder_of <- function(name) {
  folder <- file.path(here, name)
  dir.create(folder, showWarnings = FALSE)
  folder
}

write_reference <- function(frame, name, digits = 15) {
  numbers <- vapply(frame, is.double, logical(1))
  frame[numbers] <- lapply(frame[numbers], function(x) ifelse(is.finite(x), trimws(formatC(x, digits = digits, format = "g")), ""))
  write.csv(frame, file.path(out, paste0(name, ".csv")), row.names = FALSE, quote = FALSE, na = "", eol = "\n")
}
