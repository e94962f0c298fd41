# The numbers of R in seattle.json: package microsynth 2.0.51 on its data set seattledmi, examples 1 and 2 of its vignette.
#
# Not run when the file was written: the numbers are those of the results that the vignette saves and prints; these
# are its calls. The weights are those of `sea1`, saved by ID.
library(microsynth)
data(seattledmi)

covariates <- c("TotalPop", "BLACK", "HISPANIC", "Males_1521", "HOUSEHOLDS",
                "FAMILYHOUS", "FEMALE_HOU", "RENTER_HOU", "VACANT_HOU")
crimes <- c("i_felony", "i_misdemea", "i_drugs", "any_crime")
sea1 <- microsynth(seattledmi, idvar = "ID", timevar = "time", intvar = "Intervention",
                   start.pre = 1, end.pre = 12, end.post = 16,
                   match.out = crimes, match.covar = covariates, result.var = crimes, omnibus.var = crimes,
                   test = "lower")
sea2 <- microsynth(seattledmi, idvar = "ID", timevar = "time", intvar = "Intervention",
                   start.pre = 1, end.pre = 12, end.post = c(14, 16),
                   match.out = crimes, match.covar = covariates, result.var = crimes, omnibus.var = crimes,
                   test = "lower", perm = 250, jack = TRUE)
