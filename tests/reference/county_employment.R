# The numbers of R in county_employment.json: package did 2.5.0 on its data set mpdta, analytic errors.
#
# Not run when the file was written: the numbers are those that the port csdid 0.4.3 keeps among its own tests
# (test_csdid/r_ref), put down with all digits by that package's authors; these are the calls that they stand for.
library(did)
data(mpdta)

scenarios <- list(
  mpdta_nev_dr      = list(control_group = "nevertreated",  est_method = "dr",  xformla = ~1),
  mpdta_nyt_dr      = list(control_group = "notyettreated", est_method = "dr",  xformla = ~1),
  mpdta_nev_reg_cov = list(control_group = "nevertreated",  est_method = "reg", xformla = ~lpop),
  mpdta_nev_ipw     = list(control_group = "nevertreated",  est_method = "ipw", xformla = ~1)
)
for (scenario in names(scenarios)) {
  found <- do.call(att_gt, c(scenarios[[scenario]], list(
    yname = "lemp", tname = "year", idname = "countyreal", gname = "first.treat", data = mpdta,
    base_period = "varying", bstrap = FALSE, cband = FALSE
  )))
  print(data.frame(group = found$group, t = found$t, att = found$att, se = found$se), digits = 17)
  print(c(W = found$W, Wpval = found$Wpval), digits = 17)
  for (type in c("simple", "group", "calendar", "dynamic")) {
    total <- aggte(found, type = type, bstrap = FALSE, cband = FALSE)
    print(c(total$overall.att, total$overall.se), digits = 17)
    if (type != "simple") print(data.frame(total$egt, total$att.egt, total$se.egt), digits = 17)
  }
}
