-- Which turns of a conversation are less of an assistant than the assistant's own answers ever are?
--
-- Those below the null band: lower than 97.5% of spans of as many tokens from the anchor's responses. nearest is
-- the role that the turn is most like. One turn in forty lies there by chance, so a conversation of 28 turns has
-- one in half of the cases: run_p says how often plain answers, as many as the turns, have one as low as the
-- run's lowest.
select
    r.name,
    t.turn,
    t.projection,
    t.projection_low,
    t.projection_p as p,
    r.p as run_p,
    t.nearest_roles[1].role as nearest,
    r.conversation[t.message + 1].content as answer
from drift_turns as t
join drift_runs as r on r.run = t.run
where t.projection < t.projection_low
order by t.projection - t.projection_low, r.name, t.turn
limit 20;
