-- Finds the echoes of all features that the connection knows (see narrowed.sql) at once; the macro then looks them up.
create temp table echoed as
select * from echoes(sae := getvariable('asked_sae')) where n_echoes > 0;
create or replace temp macro echoes(role := null, feature := null, sae := null) as table
select e.*
from echoed as e
where (role is null or e.role = role) and (feature is null or e.feature_id = feature)
order by e.p, e.n_echoes desc, e.role, e.feature_id;
