# Lines covered per project, over several cobertura files: a line counts as covered when any test project reached it.
BEGIN { FS = "\"" }
/<source>/ { root = $0; gsub(/^.*<source>|<\/source>.*$/, "", root) }
/<package name=/ { project = $2 }
/<class name=/ { file = root $4 }
/<line number=/ {
  line = file ":" $2
  if (!(line in hits)) { hits[line] = 0; total[project]++; all++ }
  if ($4 > 0 && hits[line] == 0) { hits[line] = 1; covered[project]++; reached++ }
}
END {
  for (project in total)
    printf "%-28s %5.1f %%  %6d of %d\n", project, 100 * covered[project] / total[project], covered[project], total[project]
  if (all) printf "%-28s %5.1f %%  %6d of %d\n", "total", 100 * reached / all, reached, all
}
