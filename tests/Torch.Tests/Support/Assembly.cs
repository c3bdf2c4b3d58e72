// Leak tests count native objects of the whole process, so no other test may run beside them.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
