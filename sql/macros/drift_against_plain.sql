-- Does a conversation drift more than plain conversations do, turn for turn?
--
--     from drift_against_plain('plain*') where run_p <= 0.05;
--
-- `plain` is a pattern (glob) of the names of plain conversations that were measured as any other; what `persona cap`
-- lands beside them is none, for it has their questions again. Each conversation's
-- turns are ranked among the same turns of the plain ones that have as many at least, itself not among these: p is
-- the share of all that score as low, and plain_low and plain_high hold 95% of the plain ones. run_p is of the conversation's
-- lowest turn, in standard deviations from the mean of that turn: the share of all whose lowest turn is as low. If it were
-- one more plain conversation, either p would be at most 0.05 in at most 5%. None is below 1 / (n_plain + 1): fewer
-- than 19 plain ones cannot give 0.05. Without any there is no p.
create macro drift_against_plain(plain) as table
with turns as (
    select
        r.run,
        r.name,
        r.sae,
        t.turn,
        t.projection,
        row_number() over (partition by r.run order by t.turn) as place,
        count(*) over (partition by r.run) as n_turns,
        r.name glob plain and r.cap_of is null and r.answered_of is null as is_plain
    from drift_turns as t
    join drift_runs as r on r.run = t.run
    where t.projection is not null and (
        select if(
            exists (
                from drift_runs as r where r.name glob plain and r.cap_of is null and r.answered_of is null
            ),
            true,
            error(format('no conversation is called {}; drift_runs has their names', plain))
        )
    )
),
-- Every conversation beside itself and the plain ones, as far as it goes.
beside as (
    select
        o.run,
        m.run as member,
        m.place,
        m.projection,
        count(*) over (
            partition by o.run, m.place order by m.projection range between unbounded preceding and current row
        ) as as_low,
        (m.projection - avg(m.projection) over same) / nullif(stddev_pop(m.projection) over same, 0) as z
    from (select distinct t.run, t.sae, t.n_turns from turns as t) as o
    join turns as m on m.sae = o.sae and m.place <= o.n_turns and m.n_turns >= o.n_turns and (m.is_plain or m.run = o.run)
    window same as (partition by o.run, m.place)
),
lowest as (
    select b.run, b.member, coalesce(min(b.z), 0) as lowest from beside as b group by b.run, b.member
),
of_runs as (
    select
        l.run,
        count(*) - 1 as n_plain,
        count(*) filter (l.lowest <= own.lowest) / count(*) as p
    from lowest as l
    join lowest as own on own.run = l.run and own.member = l.run
    group by l.run
),
of_turns as (
    select
        b.run,
        b.place,
        max(b.as_low) filter (b.member = b.run) as as_low,
        quantile_cont(b.projection, [0.025, 0.975]) filter (b.member <> b.run) as band
    from beside as b
    group by b.run, b.place
)
select
    t.run,
    t.name,
    t.is_plain,
    t.turn,
    t.projection,
    b.band[1] as plain_low,
    b.band[2] as plain_high,
    if(r.n_plain > 0, b.as_low / (r.n_plain + 1), null) as p,
    if(r.n_plain > 0, r.p, null) as run_p,
    r.n_plain::integer as n_plain
from turns as t
join of_turns as b on b.run = t.run and b.place = t.place
join of_runs as r on r.run = t.run
order by run_p, t.name, t.run, t.turn;
comment on macro table drift_against_plain is 'Does a conversation drift more than plain conversations do, turn for turn?';
