package dev.amikeeper.image;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A command that Systems Manager runs on a server.
 *
 * @param document what it runs, by its name
 * @param parameters what the document is given, by the names of its parameters; others keep the
 *     document's defaults
 * @param within so long it may take
 */
public record ServerCommand(
        String document, Map<String, List<String>> parameters, Duration within) {
    public ServerCommand {
        Map<String, List<String>> copied = new HashMap<>();
        parameters.forEach((name, values) -> copied.put(name, List.copyOf(values)));
        parameters = Map.copyOf(copied);
    }
}
