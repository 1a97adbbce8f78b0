-- Which roles differ from the others in any feature, and in how many. Simes' p of a role is its smallest q,
-- for q is adjusted within the role.
(
    with
    simes as (
        select sae, role, count(p) as n_tested, min(q) as simes_p
        from role_contrasts
        group by sae, role
    ),
    ranked as (
        select
            *,
            simes_p * count(simes_p) over (partition by sae)
                / row_number() over (partition by sae order by simes_p, role) as raised
        from simes
    ),
    adjusted as (
        select
            *,
            min(if(simes_p is null, null, raised)) over (
                partition by sae order by simes_p, role rows between current row and unbounded following
            ) as simes_q
        from ranked
    ),
    chosen as (
        select
            *,
            if(simes_q < 0.05, 0.05 * avg((simes_q < 0.05)::double) over (partition by sae), null) as level
        from adjusted
    )
    select
        c.sae,
        c.role,
        any_value(h.n_tested)::integer as n_tested,
        any_value(h.simes_p) as simes_p,
        any_value(h.simes_q) as simes_q,
        any_value(h.level) as level,
        (count(*) filter (c.q <= h.level and coalesce(c.effect, c.auroc - 0.5) > 0))::integer as n_more,
        (count(*) filter (c.q <= h.level and coalesce(c.effect, c.auroc - 0.5) < 0))::integer as n_less,
        (count(*) filter (c.q <= h.level and c.q_relevant <= h.level))::integer as n_relevant
    from role_contrasts as c inner join chosen as h using (sae, role)
    group by c.sae, c.role
)
