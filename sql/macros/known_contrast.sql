-- True where the study has the contrast; else an error that names what there is. Asked as (select known_contrast(…)).
create macro known_contrast(wanted) as case
    when exists (select 1 from contrasts as c where c.contrast = wanted) then true
    else error(format(
        'no contrast {} in this snapshot; {}',
        wanted,
        coalesce(
            'there are: ' || (select string_agg(distinct c.contrast, ', ' order by c.contrast) from contrasts as c),
            'name one in the study''s contrasts, then persona run STUDY --select contrasts,warehouse'
        )
    ))
end;
