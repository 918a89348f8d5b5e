package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.alerts.Unreadables;
import dev.amikeeper.cli.Keeper.UnusableException;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.List;

/** {@code keeper why}. */
@Command(
        name = "why",
        description =
                "Explains an image, or all images of an instance: which policy and slot, what keeps"
                        + " it, what uses it, what happens next and when.")
final class WhyCommand extends DeploymentCommand {
    @Parameters(paramLabel = "ID", description = "An image, ami-..., or an instance, i-...")
    private String id = "";

    @Option(names = "--json", description = "Prints the explanation as one JSON object.")
    private boolean json;

    WhyCommand(Screen screen, Deployment deployment) {
        super(screen, deployment);
    }

    @Override
    int run() {
        if (!id.matches("(ami|i)-[0-9a-z]+")) {
            throw new UnusableException(
                    id + " is neither an image, as ami-0abc, nor an instance, as i-0abc.");
        }
        Application app = deployment().application();
        Explanation explanation = Explanation.of(app, id);
        List<String> unreadable = new Unreadables(app.catalog()).lines();
        unreadable.forEach(err()::println);
        if (unreadable.isEmpty() && explanation.saysNothing()) {
            throw new UnusableException(
                    "The catalogue knows nothing of "
                            + id
                            + ", neither present nor removed"
                            + (id.startsWith("i-") ? ", and EC2 does not show it." : "."));
        }
        print(json, explanation, new WhyText(explanation, id.startsWith("ami-"))::toString);
        return 0;
    }
}
