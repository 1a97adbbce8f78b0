-- The study's SAEs, and how well each fits the model: of the roles the lowest, middle and highest share of variance
-- that it leaves unexplained.
select
    s.sae, s.release, s.id, s.path, s.neuronpedia_id, s.d_sae,
    min(f.fvu) as lowest_fvu, median(f.fvu) as fvu, max(f.fvu) as highest_fvu, median(f.l0) as l0
from saes as s left join sae_fit as f on f.sae = s.sae
group by s.position, s.sae, s.release, s.id, s.path, s.neuronpedia_id, s.d_sae order by s.position;
