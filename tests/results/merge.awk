# Makes full.txt anew: of each step what it came to now, or else what the file has of it.
#
#   awk -f merge.awk STEPS ROWS NOT-OK FULL.TXT       a name a line; "NAME PASSED FAILED SKIPPED SECONDS DATE COMMIT KERNEL";
#                                                     "NAME: what failed"; the file as it is
FILENAME == ARGV[1] { order[++n] = $1; next }
FILENAME == ARGV[2] { row[$1] = $0; is_new[$1] = 1; next }
FILENAME == ARGV[3] { name = $1; sub(/:$/, "", name); why[name] = why[name] "failed: " $0 "\n"; next }
/^failed: / { name = $2; sub(/:$/, "", name); if (!is_new[name]) why[name] = why[name] $0 "\n"; next }
NF >= 7 && $2 ~ /^[0-9]+$/ && !is_new[$1] { row[$1] = $0 }

END {
	print "What each step of tests/run --full last came to.\n"
	format = "%-18s %6s %6s %7s %7s  %-10s  %-12s  %s\n"
	printf format, "step", "passed", "failed", "skipped", "seconds", "date", "commit", "kernel"
	for (i = 1; i <= n; i++) {
		if (!(order[i] in row)) {
			never = never " " order[i]
			continue
		}
		split("", cell)
		split(row[order[i]], cell)
		line = sprintf(format, cell[1], cell[2], cell[3], cell[4], cell[5], cell[6], cell[7], cell[8])
		sub(/ *\n$/, "", line)
		print line
		passed += cell[2]
		failed += cell[3]
		skipped += cell[4]
	}
	print ""
	for (i = 1; i <= n; i++) printf "%s", why[order[i]]
	if (never != "") print "never run:" never
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
}
