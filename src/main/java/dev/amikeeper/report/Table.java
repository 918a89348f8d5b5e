package dev.amikeeper.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Text in aligned columns. */
public final class Table {
    private static final String GAP = "  ";

    private final String sides;
    private final List<List<String>> rows = new ArrayList<>();

    /** Creates a table with one letter per column: {@code l} for left, {@code r} for right. */
    public Table(String sides) {
        this.sides = sides;
    }

    /**
     * Adds a row. Missing cells at its end are empty. The only cell of a row does not widen its
     * column.
     */
    public Table row(List<String> cells) {
        rows.add(List.copyOf(cells));
        return this;
    }

    public Table row(String... cells) {
        return row(List.of(cells));
    }

    public List<String> lines() {
        return rows.stream().map(this::line).toList();
    }

    /** All lines, each with a line separator. */
    @Override
    public String toString() {
        return lines().stream()
                .map(line -> line + System.lineSeparator())
                .collect(Collectors.joining());
    }

    private String line(List<String> row) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < row.size(); i++) {
            String cell = row.get(i);
            String pad = " ".repeat(Math.max(0, width(i) - cell.length()));
            line.append(i == 0 ? "" : GAP);
            line.append(sides.charAt(i) == 'r' ? pad + cell : cell + pad);
        }
        return line.toString().stripTrailing();
    }

    private int width(int column) {
        return rows.stream()
                .filter(row -> row.size() > column && row.size() > 1)
                .mapToInt(row -> row.get(column).length())
                .max()
                .orElse(0);
    }
}
