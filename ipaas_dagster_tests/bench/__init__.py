"""The product's speed beside its peers', on one machine, against one server, run by run in turns.

__main__     the command: which rows, how often, how large
rows         the work of each row of the table, and that it was the same work
contestants  the commands that are measured; peers/ are the others' scripts, in an environment of their own
inside hubs sink    the product's jobs that are measured without the start of a process, and what they need
server serving records    the server, from inside and outside, and its records
measure      time, CPU and memory of a process with all that it starts
results report chart      verdicts, tables, picture
"""
