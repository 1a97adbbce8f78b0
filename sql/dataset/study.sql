-- The study, without where its lake lies: that names folders of somebody's machine.
select s.* replace (s.settings::varchar as settings, '' as lake) from study as s
