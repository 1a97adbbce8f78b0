-- Which features promote a token?
--
--     from features_that_promote(' ye') limit 20;
--
-- Those that have it among the ten tokens that they promote most, first where it is nearest to the top. The
-- token is meant letter by letter: most begin with a space.
create macro features_that_promote(wanted, sae := null) as table
select l.feature_id, l.rank, l.value, l.value / g.decoder_norm as value_per_norm, d.description, d.label_worth
from feature_logits as l
join feature_geometry as g on g.sae = l.sae and g.feature_id = l.feature_id
left join preferred_labels as d on d.sae = l.sae and d.feature_id = l.feature_id
where l.piece = wanted and l.sign = 1 and l.sae = chosen_sae(sae) and (select known_sae(sae))
order by l.rank, value_per_norm desc, l.feature_id;
comment on macro table features_that_promote is 'Which features have a token among those that they promote most';
