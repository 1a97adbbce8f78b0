-- What do the study's own contrasts find, and how much can each tell?
--
-- A contrast compares two groups of roles, wordings or questions that the study names. Its units are treated as
-- a random sample: with few of them only large differences can be found. `from contrast('NAME')` lists the features of one.
select contrast, kind, n_group, n_against, unit, crossed, n_more, n_less, n_relevant, note
from contrasts
where sae = chosen_sae(null)
order by contrast;
