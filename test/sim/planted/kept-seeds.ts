export const keptSeeds: Readonly<Record<string, number>> = {};
