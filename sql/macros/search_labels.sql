-- Which features have a label with these words?
--
--     from search_labels('ocean voyage') limit 20;
--
-- Every word must be in one of the feature's labels, in any place, whatever its case or accents. Labels with
-- more of the words as whole words come first, then shorter ones. around is the description from a little before the
-- first of the words on (as a whole one, where it is), if that does not stand at its beginning.
create macro search_labels(wanted, sae := null) as table
with needles as (
    select list_filter(string_split_regex(lower(strip_accents(wanted)), '\s+'), lambda word: word != '') as words
),
found as (
    select
        l.feature_id,
        l.description,
        l.source,
        l.model,
        l.url,
        s.worth,
        len(list_filter(
            words, lambda word: list_contains(string_split_regex(lower(strip_accents(l.description)), '[^\w]+'), word)
        )) as n_whole_words,
        lower(strip_accents(l.description)) as folded,
        list_min(list_transform(words, lambda word: coalesce(
            nullif(len(regexp_extract(folded, '(?s)^(.*?)\b' || regexp_escape(word) || '\b')), 0) - len(word) + 1,
            instr(folded, word)
        ))) as place
    from needles, feature_labels as l
    left join explanation_scores as s
        on s.sae = l.sae and s.feature_id = l.feature_id and s.source = l.source and s.description = l.description
        and s.position = 0
    where l.sae = chosen_sae(sae) and (select known_sae(sae)) and len(words) > 0
        and len(list_filter(words, lambda word: not contains(lower(strip_accents(l.description)), word))) = 0
    qualify row_number() over (partition by l.feature_id order by n_whole_words desc, len(l.description), l.rank) = 1
)
select
    f.feature_id, f.description, f.source, f.model, f.url,
    if(
        place > 40 and len(f.description) > 60,
        '…' || substr(f.description, least(place - 20, len(f.description) - 58)),
        f.description
    ) as around,
    f.worth as label_worth
from found as f
order by f.n_whole_words desc, len(f.description), f.feature_id;
comment on macro table search_labels is 'Which features have a label with all of these words';
