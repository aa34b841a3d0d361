"""What happened to the availability of products around the dates of AI law (C5).

One market is treated at each date, so ordinary tests reject far too often; what is done about that
is in `randomisation`, `few_treated` and `wild`. Nothing here is a claim of cause unless the checks
of `labels` pass.
"""
