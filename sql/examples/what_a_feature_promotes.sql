-- Which tokens do the features promote that tell the pirate from the other roles best?
select t.feature_id, t.auroc, list(l.piece order by l.rank) as promotes
from (from top_features('pirate') limit 10) as t
join feature_logits as l on l.sae = chosen_sae(null) and l.feature_id = t.feature_id and l.sign = 1
group by t.feature_id, t.auroc
order by t.auroc desc, t.feature_id;
