-- How each role differs from the others, over all answers and over those that play their role.
(
    select 'all' as answers, c.* from role_contrasts as c
    union all by name
    select 'played' as answers, c.* from played_contrasts as c
)
