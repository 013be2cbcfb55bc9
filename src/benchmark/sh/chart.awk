# From a summary (group, who, count, median, p95) to bars of the medians, one scale for each group.
BEGIN {
  titles["exec"] = "exec of /bin/true in a running sandbox"
  titles["cycle"] = "create, start, wait, delete"
  titles["cycle-user"] = "the same with a user namespace"
  groups = split("exec cycle cycle-user", order, " ")
}
$1 in titles {
  bars[$1]++
  who[$1, bars[$1]] = $2
  median[$1, bars[$1]] = $4 / 1000
  if ($4 / 1000 > most[$1]) most[$1] = $4 / 1000
  all++
}
function escaped(text) {
  gsub(/&/, "\\&amp;", text)
  gsub(/</, "\\&lt;", text)
  return text
}
END {
  height = 40 + all * 24 + groups * 46
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 %d\"", height
  printf " font-family=\"sans-serif\" font-size=\"13\">\n"
  printf "<rect width=\"760\" height=\"%d\" fill=\"#fff\"/>\n", height
  y = 12
  for (g = 1; g <= groups; g++) {
    group = order[g]
    if (!bars[group]) continue
    y += 22
    printf "<text x=\"16\" y=\"%d\" font-weight=\"bold\">%s, milliseconds</text>\n", y, titles[group]
    y += 10
    sort_bars(group)
    for (i = 1; i <= bars[group]; i++) {
      name = who[group, i]
      colour = name == "sandboxd" ? "#0b7285" : name == "requests" ? "#66d9e8" : name == "floor" ? "#adb5bd" : "#ced4da"
      width = median[group, i] / most[group] * 540
      printf "<text x=\"100\" y=\"%d\" text-anchor=\"end\">%s</text>\n", y + 14, escaped(name)
      printf "<rect x=\"108\" y=\"%d\" width=\"%.1f\" height=\"18\" fill=\"%s\"/>\n", y, (width < 1 ? 1 : width), colour
      printf "<text x=\"%.1f\" y=\"%d\">%.2f</text>\n", 114 + width, y + 14, median[group, i]
      y += 24
    }
    y += 14
  }
  printf "<text x=\"16\" y=\"%d\" font-size=\"10\" fill=\"#495057\">%s</text>\n</svg>\n", y + 14, escaped(machine)
}
function sort_bars(group, i, j, name, value) {
  for (i = 2; i <= bars[group]; i++) {
    name = who[group, i]
    value = median[group, i]
    for (j = i - 1; j > 0 && median[group, j] > value; j--) {
      who[group, j + 1] = who[group, j]
      median[group, j + 1] = median[group, j]
    }
    who[group, j + 1] = name
    median[group, j + 1] = value
  }
}
