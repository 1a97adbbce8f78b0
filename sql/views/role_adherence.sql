-- How well each role is played in the eyes of each judge. A variant's mean counts whole, few answers or many.
(
    with
    scales as (
        select judge.key as judge, (judge.value -> 'scale' ->> -1)::integer as highest
        from study, json_each(settings, '$.judge') as judge
    ),
    of_variants as (
        select
            role,
            judge,
            count(*) as n_responses,
            count(rating) as n_rated,
            sum(rating) as sum_ratings,
            avg(rating) as rating,
            count(score) as n_scored,
            count(*) filter (score = highest) as n_top,
            sum(scale_mass) as sum_mass,
            count(scale_mass) as n_mass,
            count(*) filter (by_text) as n_by_text
        from judgements inner join scales using (judge)
        group by role, judge, variant
    )
    select
        role,
        judge,
        sum(n_responses)::integer as n_responses,
        (sum(n_responses) - sum(n_rated))::integer as n_unrated,
        sum(sum_ratings) / nullif(sum(n_rated), 0) as rating,
        min(rating) as lowest_variant,
        max(rating) as highest_variant,
        sum(n_top) / nullif(sum(n_scored), 0) as share_top,
        sum(sum_mass) / nullif(sum(n_mass), 0) as scale_mass,
        sum(n_by_text) / nullif(sum(n_mass), 0) as share_by_text
    from of_variants
    group by role, judge
)
