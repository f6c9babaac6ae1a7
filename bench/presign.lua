-- POST /v1/uploads; the key is in PIXGATE_KEY.
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("PIXGATE_KEY")
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"filename":"bench.jpg","content_type":"image/jpeg","size_bytes":2900000}'
