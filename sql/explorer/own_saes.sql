-- What runs exported from this study call its SAEs, to tell its features from those of other SAEs.
select s.sae, s.release, coalesce(s.id, s.sae) as id, t.settings ->> '$.extraction.model' as model
from saes as s cross join study as t
order by s.position;
