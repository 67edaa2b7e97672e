"""6 What is owed to each system: the outbox.

entry       states and transitions, request keys             backoff    how long a record waits for its next attempt
rendering   hub records -> candidates                        queue      candidates -> entries, or why none is needed
positions   how far a route has read, and its counters       catch_up   a route up to the hub's head, and seedings
delivery    one system's delivery in one run                 nested     children in their parent's payload
drain       everything that is deliverable now, in order
claim       what one batch is made of                        dispatch   intent, send, answer
blocking    records that wait for others                     sending    what is committed before a send
settling    what is committed after its answer               links      which record is which there
children    another id of a parent                           dead       letters that need a person
"""
