package dev.amikeeper.cli;

import java.io.Console;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Where the output goes, and who can answer questions. Java cannot tell whether stdout or stderr is
 * the terminal, so the launcher does.
 *
 * @param colours whether stdout may be colored
 * @param progress whether stderr is a terminal, on which a line may be updated
 * @param person asks the person at the terminal; empty if there is nobody
 */
record Screen(boolean colours, boolean progress, Optional<UnaryOperator<String>> person) {
    /** A screen with nobody in front of it. */
    Screen(boolean colours, boolean progress) {
        this(colours, progress, Optional.empty());
    }

    static Screen ofLauncher() {
        return new Screen(
                Boolean.getBoolean("keeper.colours"),
                Boolean.getBoolean("keeper.progress"),
                Optional.ofNullable(System.console())
                        .filter(Console::isTerminal)
                        .map(console ->
                                question -> {
                                    String answer = console.readLine("%s", question);
                                    return answer == null ? "" : answer;
                                }));
    }

    /** Whether the person at the terminal says yes. */
    boolean confirms(String question) {
        return person.map(ask -> ask.apply(question + " [y/N] "))
                .filter(answer -> answer.strip().matches("(?i)y|yes"))
                .isPresent();
    }
}
