-- Where descriptions of features come from, and who wrote them.
select source, model, count(*) as n from feature_labels group by all order by n desc, source, model limit 20;
