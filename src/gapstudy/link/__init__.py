"""Link results to the products and patents that use them: candidates, features, probabilities."""
