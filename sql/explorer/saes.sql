-- The study's SAEs, the default one first. n_alive is NULL until the statistics are computed, the hook point until the
-- decoders are read.
select
    s.sae,
    coalesce(s.release || ' / ' || s.id, regexp_extract(s.path, '([^/]+)/*$', 1)) as source,
    (select d.writes from decoders as d where d.sae = s.sae) as hook,
    s.d_sae,
    case
        when exists (select 1 from features as f where f.sae = s.sae)
        then (select count(*) from features as f where f.sae = s.sae and f.alive)
    end as n_alive,
    exists (select 1 from atlas_summary as a where a.sae = s.sae) as has_atlas
from saes as s
order by s.position;
