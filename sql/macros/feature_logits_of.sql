-- Which tokens does a feature promote, and which does it suppress?
--
--     from feature_logits_of(438);
--
-- The strongest of either sign, side by side. No row of an SAE whose decoder does not write to the residual
-- stream: decoders.why_no_logits says why.
create macro feature_logits_of(feature, sae := null) as table
select
    l.rank,
    any_value(l.piece) filter (l.sign = 1) as promotes,
    any_value(l.value) filter (l.sign = 1) as up,
    any_value(l.piece) filter (l.sign = -1) as suppresses,
    any_value(l.value) filter (l.sign = -1) as down
from feature_logits as l
where l.feature_id = feature and l.sae = chosen_sae(sae) and (select known_feature(feature, sae))
group by l.rank
order by l.rank;
comment on macro table feature_logits_of is 'Which tokens a feature promotes and suppresses, by the weights';
