"""The documentation as a site: what MkDocs cannot take from docs/ as it is.

`studies` writes a page for each study, from the plan, the config, the captions and the claims;
`links` lets pages be read both in the repository and in the site.
"""
