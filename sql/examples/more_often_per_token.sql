-- Which features is the pirate more often active on, token by token, whatever the length of the answers?
select
    lc.feature_id,
    l.description,
    lc.token_rate,
    lc.rate_ratio,
    lc.rate_ratio_low,
    lc.rate_ratio_high,
    lc.rate_q,
    lc.effect_at_length,
    lc.length_overlap
from length_contrasts as lc
left join preferred_labels as l on l.sae = lc.sae and l.feature_id = lc.feature_id
where lc.role = 'pirate' and lc.sae = chosen_sae(null) and lc.rate_q < 0.05 and lc.rate_ratio_low > 1
order by lc.rate_ratio_low desc, lc.feature_id
limit 20;
