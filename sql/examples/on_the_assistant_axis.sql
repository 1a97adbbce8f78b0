-- Which roles are farthest from the plain assistant, and how sure is that?
-- played_* are over the answers that play their role, where the study has a judge and analysis.min_score.
select
    role, position, position_low, position_high, rank_low, rank_high,
    played_position, played_position_low, played_position_high
from role_axes
where axis = 'assistant' and sae = chosen_sae(null)
order by position, role
limit 10;
