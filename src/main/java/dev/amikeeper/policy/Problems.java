package dev.amikeeper.policy;

import dev.amikeeper.image.Texts;

import org.snakeyaml.engine.v2.exceptions.Mark;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Everything that is wrong with one policy file, so that the user sees all of it at once. */
final class Problems {
    private final String source;
    private final List<Problem> all = new ArrayList<>();
    private final List<Problem> hints = new ArrayList<>();

    Problems(String source) {
        this.source = Texts.plain(source);
    }

    /** Notes what is wrong at a position in the file; the path is empty if there is none. */
    void add(Optional<Mark> mark, String path, String message) {
        all.add(problem(mark, path, message));
    }

    /** Notes what is valid but may surprise its author. */
    void hint(Optional<Mark> mark, String path, String message) {
        hints.add(problem(mark, path, message));
    }

    private static Problem problem(Optional<Mark> mark, String path, String message) {
        int line = mark.map(Mark::getLine).orElse(0) + 1;
        int column = mark.map(Mark::getColumn).orElse(0) + 1;
        return new Problem(line, column, path, message);
    }

    /**
     * Notes what is wrong with the text of the file itself, at a line and column counted from 1.
     */
    void add(int line, int column, String message) {
        all.add(new Problem(line, column, "", message));
    }

    /**
     * Throws if anything was wrong.
     *
     * @throws InvalidPolicyException with one line per problem, in the order of the file
     */
    void throwIfAny() {
        if (!all.isEmpty()) {
            throw new InvalidPolicyException(lines(all));
        }
    }

    /** One line per hint, in the order of the file. */
    List<String> hints() {
        return lines(hints);
    }

    private List<String> lines(List<Problem> some) {
        return some.stream()
                .sorted(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column))
                .map(this::line)
                .distinct()
                .toList();
    }

    private String line(Problem problem) {
        String path = problem.path().isEmpty() ? "" : Texts.plain(problem.path()) + ": ";
        return "%s:%d:%d %s%s"
                .formatted(source, problem.line(), problem.column(), path, problem.message());
    }

    private record Problem(int line, int column, String path, String message) {}
}
