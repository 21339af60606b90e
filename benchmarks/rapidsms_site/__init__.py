"""The RapidSMS project that is compared with. Only RapidSMS's own Python runs it, see `benchmarks.peer_rapidsms`."""
