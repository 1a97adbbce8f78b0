-- The study's own contrasts under the SAE $sae, with what is in either group.
with members as (
    select
        g.contrast, g.side,
        case c.kind
            when 'roles' then g.role
            when 'wordings' then 'wording ' || g.variant
            else 'question ' || g.question_id
        end as member,
        case c.kind when 'wordings' then g.variant when 'questions' then g.question_id else 0 end as place
    from contrast_groups as g join contrasts as c on c.sae = g.sae and c.contrast = g.contrast
    where g.sae = $sae
),
listed as (
    select contrast, side, list(member order by place, member) as names
    from (select distinct * from members)
    group by contrast, side
)
select
    c.* exclude (sae),
    coalesce((select l.names from listed as l where l.contrast = c.contrast and l.side = 'group'), []) as "group",
    coalesce((select l.names from listed as l where l.contrast = c.contrast and l.side = 'against'), []) as against
from contrasts as c
where c.sae = $sae
order by c.contrast;
