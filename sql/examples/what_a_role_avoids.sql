-- Which features does the pirate have clearly less of than other roles, on the same questions?
--
-- No rows: of no feature is that sure (q and q_relevant at the level of role_findings).
select c.feature_id, l.description, c.effect, c.effect_low, c.effect_high, c.auroc, c.q
from role_contrasts as c
inner join role_findings as f on f.sae = c.sae and f.role = c.role
left join preferred_labels as l on l.sae = c.sae and l.feature_id = c.feature_id
where c.role = 'pirate' and c.sae = chosen_sae(null) and c.q <= f.level and c.q_relevant <= f.level
    and c.effect < 0 and c.auroc < 0.5
order by c.effect, c.feature_id
limit 20;
