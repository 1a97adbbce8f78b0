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
            count(coalesce(expected, score)) as n_rated,
            sum(coalesce(expected, score)) as sum_ratings,
            avg(coalesce(expected, score)) as rating,
            count(score) as n_scored,
            count(*) filter (score = highest) as n_top,
            sum(scale_mass) as sum_mass,
            count(scale_mass) as n_mass
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
        sum(sum_mass) / nullif(sum(n_mass), 0) as scale_mass
    from of_variants
    group by role, judge
)
