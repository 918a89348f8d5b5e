package dev.amikeeper.cli;

import picocli.CommandLine.Mixin;

/** A command that works on a deployment: the account's or the demo's. */
abstract class DeploymentCommand extends KeeperCommand {
    @Mixin private final Deployment deployment;

    DeploymentCommand(Screen screen, Deployment deployment) {
        super(screen);
        this.deployment = deployment;
    }

    Deployment deployment() {
        return deployment;
    }
}
