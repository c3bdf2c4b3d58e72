# Lines covered per project, over several cobertura files: a line counts as covered when any test project reached it.
function attribute(name) {
  return match($0, " " name "=\"[^\"]*\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : ""
}
/<package / { project = attribute("name") }
/<class / { file = attribute("filename") }
/<line / {
  line = file ":" attribute("number")
  if (!(line in hit)) { hit[line] = 0; total[project]++; all++ }
  if (attribute("hits") > 0 && !hit[line]) { hit[line] = 1; covered[project]++; reached++ }
}
END {
  for (project in total) show(project, covered[project], total[project])
  if (all) show("total", reached, all)
}
function show(name, part, whole) { printf "%-28s %5.1f %%  %6d of %d lines\n", name, 100 * part / whole, part, whole }
