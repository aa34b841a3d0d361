# What R's survival gives for the cases of `python -m benchmarks.oracles --r`.
#
#     Rscript oracles.R DIR
#
# DIR holds sets.csv (set, h1, h2, h3), wanted.csv (case, set) and one CSV for each set, all with the
# same columns. Writes DIR/values.csv: case, set, position, value. Needs base R and survival 3.3 or
# later. Each case of oracles_ours.py is one function here, of the same name and with its values in
# the same order.
suppressPackageStartupMessages(library(survival))
given <- commandArgs(trailingOnly = TRUE)
folder <- given[1]
close_fit <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
close_reg <- survreg.control(rel.tolerance = 1e-14, iter.max = 200)

at <- function(fit, h) summary(fit, times = h, extend = TRUE)
curve <- function(fit, h) { s <- at(fit, h); c(1 - s$surv, s$std.err) }
states <- function(fit, h, errors = TRUE) {
  s <- at(fit, h)
  c(s$pstate[, -1], if (errors) s$std.err[, -1])
}
mean_time <- function(fit, d, tau) {
  r <- residuals(fit, times = tau, type = "rmst")
  c(summary(fit, rmean = tau)$table["rmean"],
    sqrt(sum(rowsum(d$weight * as.vector(r), d$cluster)^2)))
}
coefficients_of <- function(fit, likelihood = TRUE)
  c(coef(fit), sqrt(diag(vcov(fit))), if (likelihood) fit$loglik[2])
cause <- function(d) factor(d$cause)
design <- function(d) cbind(1, d$x1, d$x2)

km <- function(d, h) curve(survfit(Surv(time, event) ~ 1, d), h)
km_entry <- function(d, h) curve(survfit(Surv(entry, time, event) ~ 1, d, cluster = seq_len(nrow(d))), h)
km_weighted <- function(d, h)
  curve(survfit(Surv(time, event) ~ 1, d, weights = weight, cluster = cluster), h)
greenwood_entry <- function(d, h) at(survfit(Surv(entry, time, event) ~ 1, d), h)$std.err
aj <- function(d, h) states(survfit(Surv(time, cause(d)) ~ 1, d), h)
# The errors of survfit itself know no clusters here (3.5), its residuals do.
aj_weighted <- function(d, h) {
  fit <- survfit(Surv(time, cause(d)) ~ 1, d, weights = weight, id = seq_len(nrow(d)))
  r <- residuals(fit, times = h, type = "pstate")
  error <- function(state, time) sqrt(sum(rowsum(d$weight * r[, time, state], d$cluster)^2))
  c(states(fit, h, errors = FALSE), outer(1:3, 2:3, Vectorize(function(t, k) error(k, t))))
}
aj_weighted_error <- function(d, h)
  tail(states(survfit(Surv(time, cause(d)) ~ 1, d, weights = weight, cluster = cluster), h), 6)
aj_entry <- function(d, h)
  states(survfit(Surv(entry, time, cause(d)) ~ 1, d, id = seq_len(nrow(d))), h)
aj_finegray <- function(d, h) {
  f <- finegray(Surv(time, cause) ~ ., transform(d, cause = factor(cause)), etype = 1)
  1 - at(survfit(Surv(fgstart, fgstop, fgstatus) ~ 1, f, weights = fgwt), h)$surv
}
rmean <- function(d, h) {
  t <- summary(survfit(Surv(time, event) ~ 1, d), rmean = h[3])$table
  c(t["rmean"], t["se(rmean)"])
}
rmean_weighted <- function(d, h)
  mean_time(survfit(Surv(time, event) ~ 1, d, weights = weight, cluster = cluster), d, h[3])
rmean_entry <- function(d, h) {
  fit <- survfit(Surv(entry, time, event) ~ 1, d, cluster = seq_len(nrow(d)))
  mean_time(fit, transform(d, weight = 1, cluster = seq_len(nrow(d))), h[3])
}

logrank <- function(d, h) {
  s <- survdiff(Surv(time, event) ~ group, d)
  c(s$chisq, s$obs - s$exp)
}
logrank_strata <- function(d, h) survdiff(Surv(time, event) ~ group + strata(stratum), d)$chisq
harrington_1 <- function(d, h) survdiff(Surv(time, event) ~ group, d, rho = 1)$chisq
harrington_half <- function(d, h) survdiff(Surv(time, event) ~ group, d, rho = 0.5)$chisq
peto <- harrington_1
logrank_entry <- function(d, h)
  coxph(Surv(entry, time, event) ~ factor(group), d, ties = "breslow")$score
logrank_robust <- function(d, h)
  coxph(Surv(entry, time, event) ~ factor(group), d, ties = "breslow", weights = weight,
        cluster = cluster)$rscore
# Gray's sum from the curves of each group. finegray(strata) gives another: it keeps the weights only
# at the event times of a spell's own stratum.
gray_score <- function(d, h) {
  # Up to a time at which all groups are followed: where one has nobody left, Gray's sum ends.
  d$cause <- ifelse(d$time > h[3], 0, d$cause)
  d$time <- pmin(d$time, h[3])
  when <- sort(unique(d$time[d$cause == 1]))
  before <- when - 1e-7
  level <- sort(unique(d$group))
  risk <- sapply(level, function(k) {
    own <- d[d$group == k, ]
    own$kind <- factor(own$cause, 0:2)
    s <- at(survfit(Surv(time, kind) ~ 1, own), before)$pstate
    sapply(when, function(t) sum(own$time >= t)) * (1 - s[, 2]) / s[, 1]
  })
  died <- sapply(level, function(k)
    sapply(when, function(t) sum(d$group == k & d$time == t & d$cause == 1)))
  colSums(died - risk / rowSums(risk) * rowSums(died))[-1]
}

cox_with <- function(formula, d, ...)
  coefficients_of(coxph(formula, d, control = close_fit, ...))
cox_efron <- function(d, h) cox_with(Surv(time, event) ~ x1 + x2, d)
cox_breslow <- function(d, h) cox_with(Surv(time, event) ~ x1 + x2, d, ties = "breslow")
cox_strata <- function(d, h) cox_with(Surv(time, event) ~ x1 + x2 + strata(stratum), d)
cox_entry <- function(d, h) cox_with(Surv(entry, time, event) ~ x1 + x2, d)
cox_cause <- function(d, h) cox_with(Surv(time, cause == 1) ~ x1 + x2, d)
cox_robust <- function(d, h)
  coefficients_of(coxph(Surv(entry, time, event) ~ x1 + x2 + strata(stratum), d,
                        weights = weight, cluster = cluster, control = close_fit), FALSE)
cox_robust_breslow <- function(d, h)
  coefficients_of(coxph(Surv(time, event) ~ x1 + x2, d, weights = weight, cluster = cluster,
                        ties = "breslow", control = close_fit), FALSE)

# The test of 1994 from R's own residuals: cox.zph gave it until survival 3.0.
schoenfeld_test <- function(d, g) {
  fit <- coxph(Surv(time, event) ~ x1 + x2, d, control = close_fit)
  r <- residuals(fit, "schoenfeld")
  x <- g(as.numeric(rownames(r)))
  x <- x - mean(x)
  v <- vcov(fit)
  n <- nrow(r)
  slope <- as.vector(x %*% r %*% v) * n / sum(x^2)
  z <- as.vector(x %*% r)
  c(slope, slope^2 * sum(x^2) / (diag(v) * n), sum(z * (v %*% z)) * n / sum(x^2))
}
zph_identity <- function(d, h) schoenfeld_test(d, identity)
zph_rank <- function(d, h) schoenfeld_test(d, rank)
zph_log <- function(d, h) schoenfeld_test(d, log)
zph_km <- function(d, h) {
  s <- survfit(Surv(time, event) ~ 1, d)
  schoenfeld_test(d, function(t) 1 - summary(s, times = t)$surv)
}
zph_score <- function(d, h)
  cox.zph(coxph(Surv(time, event) ~ x1 + x2, d, control = close_fit), "identity",
          terms = FALSE)$table[, "chisq"]

aft_with <- function(d, kind, ...) {
  f <- survreg(Surv(time, event) ~ x1 + x2, d, dist = kind, control = close_reg, ...)
  c(coef(f), log(f$scale), sqrt(diag(vcov(f))), f$loglik[2])
}
aft_weibull <- function(d, h) aft_with(d, "weibull")
aft_lognormal <- function(d, h) aft_with(d, "lognormal")
aft_loglogistic <- function(d, h) aft_with(d, "loglogistic")
# survreg leaves the weights out of its robust variance (3.5), so that is made of its residuals.
aft_robust <- function(d, h) {
  f <- survreg(Surv(time, event) ~ x1 + x2, d, dist = "weibull", control = close_reg,
               weights = weight)
  r <- rowsum(residuals(f, "dfbeta", weighted = TRUE), d$cluster)
  c(coef(f), log(f$scale), sqrt(diag(crossprod(r)) * nrow(r) / (nrow(r) - 1)))
}
aft_cluster <- function(d, h)
  sqrt(diag(vcov(survreg(Surv(time, event) ~ x1 + x2, d, dist = "weibull", control = close_reg,
                         cluster = cluster, robust = TRUE))))
aft_robust_error <- function(d, h)
  sqrt(diag(vcov(survreg(Surv(time, event) ~ x1 + x2, d, dist = "weibull", control = close_reg,
                         weights = weight, cluster = cluster, robust = TRUE))))
aft_interval <- function(d, h) {
  low <- ifelse(d$event == 1, d$lower, d$time)
  high <- ifelse(d$event == 1, d$time, NA)
  f <- survreg(Surv(low, high, type = "interval2") ~ x1 + x2, d, dist = "lognormal",
               control = close_reg)
  c(coef(f), log(f$scale), sqrt(diag(vcov(f))), f$loglik[2])
}

pseudo_km <- function(d, h)
  as.vector(pseudo(survfit(Surv(time, event) ~ 1, d), times = h, type = "surv"))
pseudo_aj <- function(d, h)
  as.vector(pseudo(survfit(Surv(time, cause(d)) ~ 1, d), times = h)[, , 2])
pseudo_rmean <- function(d, h)
  as.vector(pseudo(survfit(Surv(time, event) ~ 1, d), times = h[3], type = "rmst"))
sandwich_of <- function(b, y, x, mean, slope, cluster) {
  eta <- as.vector(x %*% b)
  u <- x * slope(eta)
  bread <- solve(t(u) %*% u)
  s <- rowsum(u * (y - mean(eta)), cluster)
  c(b, sqrt(diag(bread %*% t(s) %*% s %*% bread)))
}
pseudo_values <- function(d, h) pseudo(survfit(Surv(time, cause(d)) ~ 1, d), times = h[2])[, 2]
pseudo_identity <- function(d, h) {
  y <- pseudo_values(d, h)
  b <- coef(lm(y ~ x1 + x2, d))
  sandwich_of(b, y, design(d), identity, function(e) rep(1, length(e)), d$cluster)
}
pseudo_cloglog <- function(d, h) {
  y <- pseudo_values(d, h)
  link <- make.link("cloglog")
  f <- glm(y ~ x1 + x2, quasi(link = "cloglog", variance = "constant"), d,
           start = c(link$linkfun(mean(y)), 0, 0), control = list(epsilon = 1e-15, maxit = 100))
  sandwich_of(coef(f), y, design(d), link$linkinv, link$mu.eta, d$cluster)
}
discrete <- function(d, h) {
  last <- floor(d$time)
  rows <- rep(seq_len(nrow(d)), last + d$event)
  period <- sequence(last + d$event) - 1
  y <- d$event[rows] == 1 & period == last[rows]
  share <- ave(y + 0, period)
  keep <- share > 0 & share < 1
  f <- glm(y[keep] ~ factor(period[keep]) + x1 + x2, binomial("cloglog"), d[rows[keep], ],
           control = list(epsilon = 1e-15, maxit = 100))
  tail(coef(f), 2)
}
reverse_time <- function(d, h) {
  d <- d[d$event == 1 & d$time <= h[3], ]
  # Negative time runs back from the longest lag; entry is the longest that could be seen.
  f <- survfit(Surv(-d$limit, -d$time, d$event) ~ 1, cluster = seq_len(nrow(d)))
  s <- summary(f, times = -h[2:1], extend = TRUE)
  c(s$surv, s$std.err)
}

sets <- read.csv(file.path(folder, "sets.csv"))
wanted <- read.csv(file.path(folder, "wanted.csv"))
made <- lapply(seq_len(nrow(wanted)), function(i) {
  name <- wanted$set[i]
  d <- read.csv(file.path(folder, paste0(name, ".csv")))
  h <- unlist(sets[sets$set == name, c("h1", "h2", "h3")])
  # survfit's residuals look the data up again, from the top.
  assign("d", d, globalenv())
  value <- tryCatch(get(wanted$case[i])(d, h), error = function(e)
    stop(wanted$case[i], " on ", name, ": ", conditionMessage(e), call. = FALSE))
  data.frame(case = wanted$case[i], set = name, position = seq_along(value) - 1,
             value = sprintf("%.17g", as.numeric(value)))
})
write.csv(do.call(rbind, made), file.path(folder, "values.csv"), row.names = FALSE, quote = FALSE)
cat(R.version.string, as.character(packageVersion("survival")), sep = "\n")
