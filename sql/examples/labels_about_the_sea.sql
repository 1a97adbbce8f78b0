-- Which features are said to be about the sea?
from search_labels('sea') limit 10;
